// SPDX-License-Identifier: Apache-2.0
// The mean of the embedded tiles: h = ReLU(patch_embed.0 x), z = mean h, logits = classifier z. What any attention must beat.
#include "mil/aggregators/aggregator_list.h"
#include "mil/aggregators/attribution.h"
#include "mil/aggregators/tile_classifier.h"

namespace microtome {
namespace {

class MeanPooling final : public Aggregator {
 public:
  explicit MeanPooling(const ModelCard& card) : tiles_(card) {}
  std::vector<Slot> slots() override { return tiles_.slots(); }

  TrainingPass train(const BagInput& bag, int, const Dropout& dropout) const override {
    return {tiles_.classifier(dropout(tiles_.embedded(bag.features())).mean(0)), {}, {}};
  }

  Weighed weigh(const BagInput& bag) const override {
    const TileScores said = score_in_chunks(bag, [&](const at::Tensor& features) {
      return TileScores{at::zeros({features.size(0), 1}), tiles_.scores(features)};
    });
    return weighted_sum(said, tiles_.offset());
  }

 private:
  TileClassifier tiles_;
};

}  // namespace

std::unique_ptr<Aggregator> make_mean_pooling(const ModelCard& card) { return std::make_unique<MeanPooling>(card); }

}  // namespace microtome
