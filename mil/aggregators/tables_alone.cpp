// SPDX-License-Identifier: Apache-2.0
// What the tables say without tiles, the measure of what tiles add: logits = fusion(encoded tables). Tiles look alike and have no share.
#include "mil/aggregators/aggregator_list.h"
#include "mil/aggregators/attribution.h"
#include "mil/fusion/fusion.h"
#include "mil/genomics/encoders/encoded_tables.h"

namespace microtome {
namespace {

class TablesAlone final : public Aggregator {
 public:
  explicit TablesAlone(const ModelCard& card) : tables_(card.modalities) {
    FusionShape shape;
    shape.widths = tables_.widths();
    shape.outputs = card.outputs();
    fusion_ = make_fusion(card.fusion, shape);
  }

  std::vector<Slot> slots() override {
    Slots slots;
    tables_.add_slots(slots);
    fusion_->add_slots(slots);
    return slots.take();
  }

  TrainingPass train(const BagInput& bag, int, const Dropout& dropout) const override {
    const EncodedTables tables = tables_.vectors(bag.tables, dropout);
    return {(*fusion_)({tables.parts, tables.present}, dropout), {}, {}, tables.auxiliary_loss};
  }

  Weighed weigh(const BagInput& bag) const override { return without_tiles(train(bag, 0, Dropout{}).logits, bag.tiles()); }

 private:
  TableSet tables_;
  std::unique_ptr<Fusion> fusion_;
};

}  // namespace

std::unique_ptr<Aggregator> make_tables_alone(const ModelCard& card) { return std::make_unique<TablesAlone>(card); }

}  // namespace microtome
