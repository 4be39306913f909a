// SPDX-License-Identifier: Apache-2.0
// The mean of the embedded tiles: h = ReLU(patch_embed.0 x), z = mean h, logits = classifier z. What any attention must beat.
#include "mil/aggregators/aggregator_list.h"
#include "mil/aggregators/attribution.h"

namespace microtome {
namespace {

class MeanPooling final : public Aggregator {
 public:
  explicit MeanPooling(const ModelCard& card)
      : feature_dim_(card.feature_dim), embed_dim_(card.embed_dim), classes_(static_cast<std::int64_t>(card.classes.size())) {}

  std::vector<Slot> slots() override {
    Slots slots;
    slots.add("patch_embed.0", embed_, embed_dim_, feature_dim_);
    slots.add("classifier", classifier_, classes_, embed_dim_);
    return slots.take();
  }

  TrainingPass train(const BagInput& bag, int, const Dropout& dropout) const override {
    return {classifier_(dropout(at::relu(embed_(bag.features()))).mean(0)), {}, {}};
  }

  Weighed weigh(const BagInput& bag) const override {
    const TileScores tiles = score_in_chunks(bag, [&](const at::Tensor& features) {
      const at::Tensor embedded = at::relu(embed_(features));
      return TileScores{at::zeros({features.size(0), 1}), at::matmul(embedded, classifier_.weight.t())};
    });
    return weighted_sum(tiles, classifier_.bias.to(at::kDouble));
  }

 private:
  std::int64_t feature_dim_, embed_dim_, classes_;
  Linear embed_, classifier_;
};

}  // namespace

std::unique_ptr<Aggregator> make_mean_pooling(const ModelCard& card) { return std::make_unique<MeanPooling>(card); }

}  // namespace microtome
