// SPDX-License-Identifier: Apache-2.0
// The maximum over tiles of every number of the embedding: h = ReLU(patch_embed.0 x), z_e = max_i h_ie, logits = classifier z. A tile's attention is
// the share of the embedding in which it is the largest, the first of equal ones.
#include <algorithm>

#include "mil/aggregators/aggregator_list.h"
#include "mil/aggregators/attribution.h"

namespace microtome {
namespace {

constexpr std::int64_t kChunkTiles = 8192;

class MaxPooling final : public Aggregator {
 public:
  explicit MaxPooling(const ModelCard& card)
      : feature_dim_(card.feature_dim), embed_dim_(card.embed_dim), classes_(static_cast<std::int64_t>(card.classes.size())) {}

  std::vector<Slot> slots() override {
    Slots slots;
    slots.add("patch_embed.0", embed_, embed_dim_, feature_dim_);
    slots.add("classifier", classifier_, classes_, embed_dim_);
    return slots.take();
  }

  TrainingPass train(const BagInput& bag, int, const Dropout& dropout) const override {
    return {classifier_(std::get<0>(dropout(at::relu(embed_(bag.features()))).max(0))), {}, {}};
  }

  Weighed weigh(const BagInput& bag) const override {
    at::Tensor largest, tile;  // (E)
    for (std::int64_t first = 0; first < bag.tiles(); first += kChunkTiles) {
      const auto [values, rows] = at::relu(embed_(bag.features(first, std::min(kChunkTiles, bag.tiles() - first)))).max(0);
      const at::Tensor better = first == 0 ? at::ones_like(values, at::kBool) : values > largest;
      largest = first == 0 ? values : at::where(better, values, largest);
      tile = first == 0 ? rows : at::where(better, rows + first, tile);
    }
    const at::Tensor shares = (classifier_.weight * largest).t().to(at::kDouble);  // (E, C)
    const at::Tensor attention = at::zeros({bag.tiles(), 1}, at::kDouble), contribution = at::zeros({bag.tiles(), classes_}, at::kDouble);
    attention.index_add_(0, tile, at::full({embed_dim_, 1}, 1.0 / static_cast<double>(embed_dim_), at::kDouble));
    contribution.index_add_(0, tile, shares);
    const at::Tensor offset = classifier_.bias.to(at::kDouble);
    return {contribution.sum(0) + offset, attention, contribution, offset};
  }

 private:
  std::int64_t feature_dim_, embed_dim_, classes_;
  Linear embed_, classifier_;
};

}  // namespace

std::unique_ptr<Aggregator> make_max_pooling(const ModelCard& card) { return std::make_unique<MaxPooling>(card); }

}  // namespace microtome
