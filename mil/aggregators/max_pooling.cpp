// SPDX-License-Identifier: Apache-2.0
// The maximum over tiles of every number of the embedding: h = ReLU(patch_embed.0 x), z_e = max_i h_ie, logits = classifier z. A tile's attention is
// the share of the embedding in which it is the largest, the first of equal ones.
#include <algorithm>

#include "mil/aggregators/aggregator_list.h"
#include "mil/aggregators/attribution.h"
#include "mil/aggregators/tile_classifier.h"

namespace microtome {
namespace {

constexpr std::int64_t kMaxChunkTiles = 8192;

class MaxPooling final : public Aggregator {
 public:
  explicit MaxPooling(const ModelCard& card) : tiles_(card) {}
  std::vector<Slot> slots() override { return tiles_.slots(); }

  TrainingPass train(const BagInput& bag, int, const Dropout& dropout) const override {
    return {tiles_.classifier(std::get<0>(dropout(tiles_.embedded(bag.features())).max(0))), {}, {}};
  }

  Weighed weigh(const BagInput& bag) const override {
    at::Tensor largest, tile;  // (E)
    for (std::int64_t first = 0; first < bag.tiles(); first += kMaxChunkTiles) {
      const auto [values, rows] = tiles_.embedded(bag.features(first, std::min(kMaxChunkTiles, bag.tiles() - first))).max(0);
      const at::Tensor better = first == 0 ? at::ones_like(values, at::kBool) : values > largest;
      largest = first == 0 ? values : at::where(better, values, largest);
      tile = first == 0 ? rows : at::where(better, rows + first, tile);
    }
    const at::Tensor shares = (tiles_.classifier.weight * largest).t().to(at::kDouble);  // (E, C)
    const at::Tensor attention = at::zeros({bag.tiles(), 1}, at::kDouble), contribution = at::zeros({bag.tiles(), tiles_.classes}, at::kDouble);
    attention.index_add_(0, tile, at::full({tiles_.embed_dim, 1}, 1.0 / static_cast<double>(tiles_.embed_dim), at::kDouble));
    contribution.index_add_(0, tile, shares);
    const at::Tensor offset = tiles_.offset();
    return {contribution.sum(0) + offset, attention, contribution, offset};
  }

 private:
  TileClassifier tiles_;
};

}  // namespace

std::unique_ptr<Aggregator> make_max_pooling(const ModelCard& card) { return std::make_unique<MaxPooling>(card); }

}  // namespace microtome
