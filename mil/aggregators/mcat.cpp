// SPDX-License-Identifier: Apache-2.0
// MCAT (Chen et al. 2021): the tokens of the tables ask the tiles, one head of attention; what they saw and what they are go each through a
// transformer and a pooling, and are joined. Time and memory grow with tokens times tiles. Tensor names are those of its published checkpoints where
// the first table is read by "groups".
#include <fmt/format.h>

#include <cmath>

#include "mil/aggregators/aggregator_list.h"
#include "mil/aggregators/attribution.h"
#include "mil/aggregators/token_branch.h"
#include "mil/fusion/fusion.h"
#include "mil/genomics/encoders/encoded_tables.h"

namespace microtome {
namespace {

class Mcat final : public Aggregator {
 public:
  explicit Mcat(const ModelCard& card) : card_(card), tables_(card.modalities) {
    FusionShape shape;
    shape.widths = {card.embed_dim, card.embed_dim};
    shape.outputs = card.outputs();
    shape.perceptron = shape.widths;
    shape.skip = false;
    fusion_ = make_fusion(card.fusion, shape);
  }

  std::vector<Slot> slots() override {
    Slots slots;
    const std::int64_t e = card_.embed_dim;
    slots.add("wsi_net.0", tiles_, e, card_.feature_dim);
    tables_.add_slots(slots, "groups", "sig_networks");
    slots.add("tiles.null", null_, {e}, Start::zeros);
    slots.add("coattn.in_proj_weight", in_weight_, {3 * e, e}, Start::xavier);
    slots.add("coattn.in_proj_bias", in_bias_, {3 * e}, Start::zeros);
    slots.add("coattn.out_proj", out_, e, e, Start::fan_in);
    path_.add_slots(slots, "path", e, card_.attention_dim);
    omic_.add_slots(slots, "omic", e, card_.attention_dim);
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
  /// Undefined features: the tiles are hidden.
  Answer forward(const at::Tensor& features, const EncodedTables& tables, const Dropout& dropout) const {
    const at::Tensor tokens = at::cat(tables.parts);
    const at::Tensor tiles = features.defined() ? dropout(tiles_(features, Activation::relu)) : null_.unsqueeze(0);
    const at::Tensor attention = at::softmax(scores(tokens, tiles), 1);  // (T, N)
    const at::Tensor seen = out_(at::matmul(attention, part(2, tiles)));
    Parts parts;
    parts.add(path_(seen, dropout), features.defined());
    parts.add(omic_(tokens, dropout), tables.any_present());
    return {(*fusion_)(parts, dropout), attention.detach().to(at::kDouble).mean(0).unsqueeze(1)};
  }

  at::Tensor scores(const at::Tensor& tokens, const at::Tensor& tiles) const {
    return at::matmul(part(0, tokens) / std::sqrt(static_cast<double>(card_.embed_dim)), part(1, tiles).t());
  }

  /// Queries 0, keys 1, values 2.
  at::Tensor part(std::int64_t which, const at::Tensor& of) const {
    const std::int64_t e = card_.embed_dim;
    return at::linear(of, in_weight_.narrow(0, which * e, e), in_bias_.narrow(0, which * e, e));
  }

  ModelCard card_;
  TableSet tables_;
  std::unique_ptr<Fusion> fusion_;
  TokenBranch path_, omic_;
  Linear tiles_, out_;
  at::Tensor null_, in_weight_, in_bias_;
};

}  // namespace

std::unique_ptr<Aggregator> make_mcat(const ModelCard& card) { return std::make_unique<Mcat>(card); }

}  // namespace microtome
