// SPDX-License-Identifier: Apache-2.0
// SurvPath (Jaume et al. 2024): pathways attend to pathways and tiles, tiles to pathways alone. The tile-tile block is never built, so time and memory
// grow with pathways times tiles; the result is that of full attention with that block masked.
#include <cmath>

#include "mil/aggregators/aggregator_list.h"
#include "mil/aggregators/attribution.h"
#include "mil/fusion/fusion.h"
#include "mil/genomics/encoders/encoded_tables.h"

namespace microtome {
namespace {

class SurvPath final : public Aggregator {
 public:
  explicit SurvPath(const ModelCard& card) : card_(card), tables_(card.modalities), width_(card.embed_dim / 2) {
    FusionShape shape;
    shape.widths = {width_, width_};
    shape.outputs = card.outputs();
    shape.perceptron = {card.embed_dim / 4};
    fusion_ = make_fusion(card.fusion, shape);
  }

  std::vector<Slot> slots() override {
    Slots slots;
    const std::int64_t e = card_.embed_dim;
    slots.add("tile_projection", tiles_, e, card_.feature_dim, Start::fan_in);
    tables_.add_slots(slots, "groups", "sig_networks");
    slots.add("tiles.null", null_, {e}, Start::zeros);
    slots.add("attention.norm", norm_, e);
    slots.add("attention.to_qkv.weight", to_qkv_, {3 * width_, e}, Start::fan_in);
    slots.add("feed_forward.norm", norm_in_, width_);
    slots.add("feed_forward.0", first_, width_, width_, Start::fan_in);
    slots.add("feed_forward.3", second_, width_, width_, Start::fan_in);
    slots.add("norm", norm_out_, width_);
    fusion_->add_slots(slots);
    return slots.take();
  }

  TrainingPass train(const BagInput& bag, int, const Dropout& dropout) const override {
    const EncodedTables tables = tables_.tokens(bag.tables, dropout);
    return {forward(bag.tiles_hidden ? at::Tensor() : bag.features(), tables, dropout).logits, {}, {}, tables.auxiliary_loss};
  }

  Weighed weigh(const BagInput& bag) const override {
    const EncodedTables tables = tables_.tokens(bag.tables, Dropout{});
    if (bag.tiles_hidden) return without_tiles(forward({}, tables, Dropout{}).logits, bag.tiles());
    return gradient_times_input(bag, [&](const at::Tensor& features) { return forward(features, tables, Dropout{}); });
  }

  at::Tensor logits(const BagInput& bag) const override { return train(bag, 0, Dropout{}).logits.to(at::kDouble); }

 private:
  struct Heads {
    at::Tensor queries, keys, values;  // (tokens, E / 2)
  };

  /// Undefined features: the tiles are hidden.
  Answer forward(const at::Tensor& features, const EncodedTables& tables, const Dropout& dropout) const {
    const Heads paths = heads(at::cat(tables.parts)), tiles = heads(features.defined() ? tiles_(features) : null_.unsqueeze(0));
    const at::Tensor keys = at::cat({paths.keys, tiles.keys}), values = at::cat({paths.values, tiles.values});
    const at::Tensor of_paths = at::softmax(at::matmul(paths.queries, keys.t()), 1);        // (P, P + N)
    const at::Tensor of_tiles = at::softmax(at::matmul(tiles.queries, paths.keys.t()), 1);  // (N, P)
    Parts parts;
    parts.add(fed_forward(at::matmul(of_paths, values), dropout).mean(0), tables.any_present());
    parts.add(fed_forward(at::matmul(of_tiles, paths.values), dropout).mean(0), features.defined());
    const std::int64_t count = paths.keys.size(0);
    const at::Tensor seen = of_paths.detach().narrow(1, count, keys.size(0) - count).to(at::kDouble).mean(0).unsqueeze(1);
    return {(*fusion_)(parts, dropout), seen / seen.sum()};
  }

  Heads heads(const at::Tensor& tokens) const {
    const auto parts = at::linear(norm_(tokens), to_qkv_).chunk(3, 1);
    return {parts[0] / std::sqrt(static_cast<double>(width_)), parts[1], parts[2]};
  }

  at::Tensor fed_forward(const at::Tensor& tokens, const Dropout& dropout) const {
    return norm_out_(second_(dropout(at::gelu(first_(norm_in_(tokens))))));
  }

  ModelCard card_;
  TableSet tables_;
  std::int64_t width_;  // of the head
  std::unique_ptr<Fusion> fusion_;
  Linear tiles_, first_, second_;
  LayerNorm norm_, norm_in_, norm_out_;
  at::Tensor null_, to_qkv_;
};

}  // namespace

std::unique_ptr<Aggregator> make_survpath(const ModelCard& card) { return std::make_unique<SurvPath>(card); }

}  // namespace microtome
