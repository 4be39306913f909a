// SPDX-License-Identifier: Apache-2.0
// What a network gives, made into one row of numbers a tile. Internal to mil/: torch types.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>

#include "mil/encoders/encoder_card.h"

namespace microtome {

struct RowRule {
  Pooling pooling = Pooling::none;
  int prefix_tokens = 1;      // class token and registers in front of the patch tokens
  bool probabilities = false;  // a classifier: softmax over more than one logit, sigmoid of one (WSInfer's rule)
};

/// float32 rows (tiles, D) on the output's device. output: (tiles, D), (tiles, D, 1, 1) or, with pooling, tokens (tiles, T, D): the first token
/// ("class"), the mean of the tokens behind the prefix ("mean"), or both, one behind the other. `source` begins the sentence of the ModelError
/// for any other shape.
at::Tensor make_rows(const at::Tensor& output, std::int64_t tiles, const RowRule& rule, const std::string& source);

/// "" for rows as they are; "class+mean of 5 prefix tokens, softmax". Part of a run's recipe.
std::string row_rule_text(const RowRule& rule);

}  // namespace microtome
