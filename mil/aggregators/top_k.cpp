// SPDX-License-Identifier: Apache-2.0
// Every tile is classified, and the k that are surest speak for the slide: logits_i = classifier ReLU(patch_embed.0 x_i), the bag's are the mean of
// those k. Sure is a tile by its probability of the second of two classes (of the largest of more). With k = 1 the "mil" baseline of Lu et al. 2021.
#include <algorithm>

#include "mil/aggregators/aggregator_list.h"
#include "mil/aggregators/attribution.h"
#include "mil/aggregators/tile_classifier.h"

namespace microtome {
namespace {

/// (k) tiles, of equal ones the first.
at::Tensor surest(const at::Tensor& logits, std::int64_t k) {
  const at::Tensor probabilities = at::softmax(logits.detach().to(at::kDouble), 1);
  const at::Tensor score = logits.size(1) == 2 ? probabilities.select(1, 1) : probabilities.amax(1);
  return std::get<1>(at::sort(score, /*stable=*/true, 0, /*descending=*/true)).narrow(0, 0, std::min(k, logits.size(0)));
}

class TopK final : public Aggregator {
 public:
  explicit TopK(const ModelCard& card) : tiles_(card), k_(card.top_k) {}
  std::vector<Slot> slots() override { return tiles_.slots(); }

  TrainingPass train(const BagInput& bag, int, const Dropout& dropout) const override {
    const at::Tensor logits = tiles_.classifier(dropout(tiles_.embedded(bag.features())));
    return {logits.index_select(0, surest(logits, k_)).mean(0), {}, {}};
  }

  Weighed weigh(const BagInput& bag) const override {
    const TileScores said = score_in_chunks(bag, [&](const at::Tensor& features) {
      return TileScores{at::empty({features.size(0), 0}), tiles_.scores(features)};
    });
    const at::Tensor offset = tiles_.offset(), chosen = surest(said.scores + offset, k_);
    const at::Tensor attention = at::zeros({bag.tiles(), 1}, at::kDouble);
    attention.index_fill_(0, chosen, 1.0 / static_cast<double>(chosen.size(0)));
    return shares_of(attention, said.scores, offset);
  }

 private:
  TileClassifier tiles_;
  std::int64_t k_ = 0;
};

}  // namespace

std::unique_ptr<Aggregator> make_top_k(const ModelCard& card) { return std::make_unique<TopK>(card); }

}  // namespace microtome
