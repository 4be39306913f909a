// SPDX-License-Identifier: Apache-2.0
// Attention pooling (Ilse et al. 2018), gated or plain, joined with tables:
//   h = ReLU(embed x) (N,E) -> a = softmax_tiles(attention h) -> z = sum_i a_i h_i (E) -> logits = fusion(z, encoded tables)
// PORPOISE (Chen et al. 2022) is the same with dropout on the features and z = ReLU(rho z); its names are those of published checkpoints.
#include "mil/aggregators/aggregator_list.h"
#include "mil/aggregators/attribution.h"
#include "mil/fusion/fusion.h"
#include "mil/genomics/encoders/encoded_tables.h"

namespace microtome {
namespace {

constexpr double kInputDropout = 0.1;  // PORPOISE's, whatever the rate inside is

/// In what an aggregator of this family differs from the others.
struct Layout {
  bool gated = true;
  std::string embed, attention_a, attention_b, attention_c;
  std::int64_t rho = 0;  // width after the pooling; 0: that of the embedding
  std::string table;     // name of a first table that an snn reads
  FusionShape fusion;
};

Layout abmil_layout(const ModelCard& card, bool gated) {
  Layout layout{gated, "patch_embed.0", "global_attn.attention_a.0", "global_attn.attention_b.0", "global_attn.attention_c", 0, "tables.0.encoder", {}};
  if (!gated) layout.attention_a = "global_attn.module.0", layout.attention_c = "global_attn.module.3";
  layout.fusion.widths = {card.embed_dim};
  return layout;
}

Layout porpoise_layout(const ModelCard& card) {
  const std::int64_t width = card.embed_dim / 2;
  Layout layout{true, "attention_net.1", "attention_net.4.attention_a.0", "attention_net.4.attention_b.0", "attention_net.4.attention_c", width, "fc_omic", {}};
  layout.fusion.widths = {width};
  layout.fusion.perceptron = {width, width};
  layout.fusion.classifier = "classifier_mm";
  return layout;
}

class Abmil final : public Aggregator {
 public:
  Abmil(const ModelCard& card, Layout layout) : card_(card), layout_(std::move(layout)), tables_(card.modalities) {
    attention_.gated = layout_.gated;
    layout_.fusion.outputs = card.outputs();
    for (const std::int64_t width : tables_.widths()) layout_.fusion.widths.push_back(width);
    fusion_ = make_fusion(card.modalities.empty() ? "concat" : card.fusion, layout_.fusion);
  }

  std::vector<Slot> slots() override {
    Slots slots;
    slots.add(layout_.embed, embed_, card_.embed_dim, card_.feature_dim);
    slots.add(layout_.attention_a, attention_.a, card_.attention_dim, card_.embed_dim);
    if (layout_.gated) slots.add(layout_.attention_b, attention_.b, card_.attention_dim, card_.embed_dim);
    slots.add(layout_.attention_c, attention_.c, 1, card_.attention_dim);
    if (layout_.rho > 0) slots.add("rho.0", rho_, layout_.rho, card_.embed_dim);
    tables_.add_slots(slots, "snn", layout_.table);
    if (!card_.modalities.empty()) slots.add("tiles.null", null_, {layout_.fusion.widths.front()}, Start::zeros);
    fusion_->add_slots(slots);
    return slots.take();
  }

  TrainingPass train(const BagInput& bag, int, const Dropout& dropout) const override {
    const EncodedTables tables = tables_.vectors(bag.tables, dropout);
    const at::Tensor logits = hidden(bag) ? joined(null_, false, tables, dropout) : forward(bag.features(), tables, dropout).logits;
    return {logits, {}, {}, tables.auxiliary_loss};
  }

  BeforeFusion before_fusion(const BagInput& bag, const Dropout& dropout) const override {
    return {pooled(bag.features(), dropout).vector, at::cat(tables_.vectors(bag.tables, dropout).parts)};
  }

  Weighed weigh(const BagInput& bag) const override {
    const EncodedTables tables = tables_.vectors(bag.tables, Dropout{});
    if (hidden(bag)) return without_tiles(joined(null_, false, tables, Dropout{}), bag.tiles());
    const LinearInFirst linear = linear_in_tiles(tables);
    if (!linear.slope.defined()) return gradient_times_input(bag, [&](const at::Tensor& features) { return forward(features, tables, Dropout{}); });
    const at::Tensor weights = linear.slope.t();
    const TileScores tiles = score_in_chunks(bag, [&](const at::Tensor& features) {
      const at::Tensor embedded = embed_(features, Activation::relu);
      return TileScores{attention_(embedded, Dropout{}), at::matmul(embedded, weights)};
    });
    return weighted_sum(tiles, linear.rest);
  }

  at::Tensor logits(const BagInput& bag) const override {
    if (linear_in_tiles(tables_.vectors(bag.tables, Dropout{})).slope.defined()) return weigh(bag).logits;
    return train(bag, 0, Dropout{}).logits.to(at::kDouble);
  }

 private:
  /// Undefined where the logits are no sum over tiles.
  LinearInFirst linear_in_tiles(const EncodedTables& tables) const {
    return layout_.rho > 0 ? LinearInFirst{} : fusion_->linear(parts(null_, true, tables));
  }

  bool hidden(const BagInput& bag) const { return bag.tiles_hidden && !card_.modalities.empty(); }

  struct Pooled {
    at::Tensor vector, attention;
  };

  Pooled pooled(const at::Tensor& features, const Dropout& dropout) const {
    const Dropout outside{dropout.rate > 0 && layout_.rho > 0 ? kInputDropout : 0, dropout.generator};
    const at::Tensor embedded = dropout(embed_(outside(features), Activation::relu));
    const at::Tensor attention = at::softmax(attention_(embedded, dropout), 0);
    at::Tensor slide = at::matmul(attention.t(), embedded).squeeze(0);
    if (layout_.rho > 0) slide = dropout(at::relu(rho_(slide)));
    return {slide, attention};
  }

  Answer forward(const at::Tensor& features, const EncodedTables& tables, const Dropout& dropout) const {
    const Pooled tiles = pooled(features, dropout);
    return {joined(tiles.vector, true, tables, dropout), tiles.attention};
  }

  static Parts parts(const at::Tensor& slide, bool present, const EncodedTables& tables) {
    Parts all;
    all.add(slide, present);
    for (std::size_t m = 0; m < tables.parts.size(); ++m) all.add(tables.parts[m], tables.present[m]);
    return all;
  }

  at::Tensor joined(const at::Tensor& slide, bool present, const EncodedTables& tables, const Dropout& dropout) const {
    return (*fusion_)(parts(slide, present, tables), dropout);
  }

  ModelCard card_;
  Layout layout_;
  TableSet tables_;
  std::unique_ptr<Fusion> fusion_;
  TileAttention attention_;
  Linear embed_, rho_;
  at::Tensor null_;  // of tiles
};

}  // namespace

std::unique_ptr<Aggregator> make_abmil(const ModelCard& card, bool gated) { return std::make_unique<Abmil>(card, abmil_layout(card, gated)); }

std::unique_ptr<Aggregator> make_porpoise(const ModelCard& card) { return std::make_unique<Abmil>(card, porpoise_layout(card)); }

}  // namespace microtome
