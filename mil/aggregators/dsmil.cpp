// SPDX-License-Identifier: Apache-2.0
// DSMIL (Li et al. 2021): one stream classifies every tile and finds each class's critical tile; the other weighs all tiles by their likeness to it.
//   c = i_classifier x (N,C), m_c = argmax_i c_ic; A_c = softmax_i(q(x_i) . q(x_mc) / sqrt(Q)); B = A^T x (C,D); logits = b_classifier.fcc over B
// Tensor names are those of its published checkpoints; Q is the card's attention_dim. Values are the features themselves.
#include <cmath>

#include "mil/aggregators/aggregator_list.h"
#include "mil/aggregators/attribution.h"

namespace microtome {
namespace {

class Dsmil final : public Aggregator {
 public:
  explicit Dsmil(const ModelCard& card)
      : feature_dim_(card.feature_dim), query_dim_(card.attention_dim), classes_(card.outputs()) {}

  std::vector<Slot> slots() override {
    Slots slots;
    slots.add("i_classifier.fc.0", tile_classifier_, classes_, feature_dim_, Start::fan_in);
    slots.add("b_classifier.q.0", first_query_, query_dim_, feature_dim_);
    slots.add("b_classifier.q.2", second_query_, query_dim_, query_dim_, Start::fan_in);
    slots.add("b_classifier.fcc.weight", bag_weight_, {classes_, classes_, feature_dim_}, Start::fan_in);
    slots.add("b_classifier.fcc.bias", bag_bias_, {classes_}, Start::zeros);
    return slots.take();
  }

  TrainingPass train(const BagInput& bag, int, const Dropout& dropout) const override {
    const at::Tensor features = dropout(bag.features()), tile_logits = tile_classifier_(features);
    const auto [most, critical] = tile_logits.max(0);  // (C)
    const at::Tensor queries = query(features), asked = queries.index_select(0, critical);
    const at::Tensor attention = at::softmax(at::matmul(queries, asked.t()) / width(), 0);
    const at::Tensor bags = at::matmul(attention.t(), features);  // (C, D)
    return {(bag_weight_ * bags).sum({1, 2}) + bag_bias_, most, {}};
  }

  Weighed weigh(const BagInput& bag) const override {
    const at::Tensor asked = query(bag_rows(bag, critical_tiles(bag)));
    const at::Tensor of_bags = bag_weight_.reshape({classes_ * classes_, feature_dim_}).t();
    const TileScores tiles = score_in_chunks(bag, [&](const at::Tensor& features) {
      return TileScores{at::matmul(query(features), asked.t()) / width(), at::matmul(features, of_bags)};
    });
    const at::Tensor attention = at::softmax(tiles.attention, 0);  // (N, C)
    // a tile's share of logit k: its weight in every class's bag, times what that bag's row says of k
    const at::Tensor contribution = at::einsum("nc,nkc->nk", {attention, tiles.scores.reshape({bag.tiles(), classes_, classes_})});
    const at::Tensor offset = bag_bias_.to(at::kDouble);
    return {contribution.sum(0) + offset, attention, contribution, offset};
  }

 private:
  double width() const { return std::sqrt(static_cast<double>(query_dim_)); }
  at::Tensor query(const at::Tensor& features) const { return second_query_(first_query_(features, Activation::relu), Activation::tanh); }

  at::Tensor critical_tiles(const BagInput& bag) const {
    return std::get<1>(score_in_chunks(bag, [&](const at::Tensor& features) {
                         return TileScores{at::empty({features.size(0), 0}), tile_classifier_(features)};
                       }).scores.max(0));
  }

  static at::Tensor bag_rows(const BagInput& bag, const at::Tensor& tiles) { return (bag.raw.index_select(0, tiles) - bag.mean) / bag.scale; }

  std::int64_t feature_dim_, query_dim_, classes_;
  Linear tile_classifier_, first_query_, second_query_;
  at::Tensor bag_weight_, bag_bias_;  // (C, C, D), (C)
};

}  // namespace

std::unique_ptr<Aggregator> make_dsmil(const ModelCard& card) { return std::make_unique<Dsmil>(card); }

}  // namespace microtome
