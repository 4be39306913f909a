// SPDX-License-Identifier: Apache-2.0
// What the poolings without attention share: h = ReLU(patch_embed.0 x), and a classifier of h. Internal to mil/aggregators/.
#pragma once

#include <cstdint>
#include <vector>

#include "mil/aggregators/aggregator.h"

namespace microtome {

struct TileClassifier {
  std::int64_t feature_dim = 0, embed_dim = 0, classes = 0;
  Linear embed, classifier;

  explicit TileClassifier(const ModelCard& card)
      : feature_dim(card.feature_dim), embed_dim(card.embed_dim), classes(card.outputs()) {}

  std::vector<Slot> slots() {
    Slots slots;
    slots.add("patch_embed.0", embed, embed_dim, feature_dim);
    slots.add("classifier", classifier, classes, embed_dim);
    return slots.take();
  }
  at::Tensor embedded(const at::Tensor& features) const { return embed(features, Activation::relu); }
  /// What a tile says of each class, without the bias: (N, C).
  at::Tensor scores(const at::Tensor& features) const { return at::matmul(embedded(features), classifier.weight.t()); }
  at::Tensor offset() const { return classifier.bias.to(at::kDouble); }
};

}  // namespace microtome
