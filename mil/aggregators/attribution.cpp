// SPDX-License-Identifier: Apache-2.0
#include "mil/aggregators/attribution.h"

#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <vector>

namespace microtome {

namespace {

// Features, embedding and attention of so many tiles stay in the cache.
constexpr std::int64_t kChunkTiles = kPassRows;

}  // namespace

TileScores score_in_chunks(const BagInput& bag, const std::function<TileScores(const at::Tensor&)>& score) {
  std::vector<at::Tensor> attention, scores;
  for (std::int64_t first = 0; first < bag.tiles(); first += kChunkTiles) {
    const TileScores chunk = score(bag.features(first, std::min(kChunkTiles, bag.tiles() - first)));
    attention.push_back(chunk.attention.to(at::kDouble));
    scores.push_back(chunk.scores.to(at::kDouble));
  }
  return {at::cat(attention), at::cat(scores)};
}

Weighed weighted_sum(const TileScores& tiles, const at::Tensor& offset) {
  return shares_of(at::softmax(tiles.attention, 0), tiles.scores, offset);
}

Weighed shares_of(const at::Tensor& attention, const at::Tensor& scores, const at::Tensor& offset) {
  const at::Tensor contribution = attention * scores;
  return {contribution.sum(0) + offset, attention, contribution, offset};
}

Weighed without_tiles(const at::Tensor& logits, std::int64_t tiles) {
  const auto options = at::TensorOptions(at::kDouble);
  const at::Tensor all = logits.detach().to(at::kDouble);
  return {all, at::full({tiles, 1}, 1.0 / static_cast<double>(tiles), options), at::zeros({tiles, all.size(0)}, options), all};
}

Weighed gradient_times_input(const BagInput& bag, const std::function<Answer(const at::Tensor&)>& forward) {
  const at::AutoGradMode with_gradient(true);
  const at::Tensor features = bag.features().requires_grad_(true);
  const Answer answer = forward(features);
  const std::int64_t classes = answer.logits.size(0);
  std::vector<at::Tensor> shares;
  for (std::int64_t c = 0; c < classes; ++c) {
    const auto gradient = torch::autograd::grad({answer.logits[c]}, {features}, {}, c + 1 < classes);
    shares.push_back((gradient.front() * features.detach()).sum(1, false, at::kDouble));
  }
  const at::Tensor logits = answer.logits.detach().to(at::kDouble), contribution = at::stack(shares, 1);
  return {logits, answer.attention.detach().to(at::kDouble), contribution, logits - contribution.sum(0)};
}

}  // namespace microtome
