// SPDX-License-Identifier: Apache-2.0
// MCAT's way from a few tokens to one vector: a transformer of two layers, attention pooling, a layer. Internal to mil/aggregators/.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "mil/aggregators/layers.h"

namespace microtome {

/// torch.nn.TransformerEncoderLayer, norms behind, ReLU, 8 heads, feed-forward twice as wide as the tokens.
struct PostNormLayer {
  at::Tensor in_weight, in_bias;  // (3E, E), (3E): queries, keys, values
  Linear out, first, second;
  LayerNorm norm1, norm2;

  void add_slots(Slots& slots, const std::string& name, std::int64_t width);
  /// tokens (T, E) to (T, E)
  at::Tensor operator()(const at::Tensor& tokens, const Dropout& dropout) const;
};

/// Names "<name>_transformer.layers.{0,1}", "<name>_attention_head", "<name>_rho.0".
struct TokenBranch {
  std::array<PostNormLayer, 2> layers;
  TileAttention attention;
  Linear rho;

  void add_slots(Slots& slots, const std::string& name, std::int64_t width, std::int64_t attention_dim);
  /// tokens (T, E) to (E)
  at::Tensor operator()(const at::Tensor& tokens, const Dropout& dropout) const;
};

}  // namespace microtome
