// SPDX-License-Identifier: Apache-2.0
// Nystrom attention (Xiong et al. 2021) as TransMIL uses it: softmax attention through m landmarks, so that time and memory grow with the tokens.
// Internal to mil/: torch types.
#pragma once

#include <ATen/ATen.h>

#include "mil/aggregators/layers.h"

namespace microtome {

/// 8 heads of width E / 8, E / 2 landmarks (means of l consecutive tokens), 6 iterations of the pseudo-inverse, and a depth-wise convolution of the
/// values (33 tokens) beside it. Tokens are padded with zeros at the front to a multiple of the landmarks.
struct NystromAttention {
  at::Tensor to_qkv;    // (3E, E), no bias
  Linear to_out;        // E to E
  at::Tensor res_conv;  // (8, 1, 33, 1)

  void add_slots(Slots& slots, const std::string& name, std::int64_t width);

  /// tokens (T, E) to (T, E). `class_row`, where not null, receives what the first token sees of every token (T), mean over the heads; rows of this
  /// approximation need not sum to 1 and may be negative.
  at::Tensor operator()(const at::Tensor& tokens, const Dropout& dropout, at::Tensor* class_row) const;
};

}  // namespace microtome
