// SPDX-License-Identifier: Apache-2.0
#include "mil/encoders/rows.h"

#include <fmt/format.h>

#include "mil/model_error.h"

namespace microtome {
namespace {

const char* pooling_name(Pooling pooling) {
  switch (pooling) {
    case Pooling::class_token: return "class";
    case Pooling::mean: return "mean";
    case Pooling::class_and_mean: return "class+mean";
    case Pooling::none: break;
  }
  return "none";
}

[[noreturn]] void refuse_shape(const at::Tensor& output, const std::string& wanted, const std::string& remedy, const std::string& source) {
  throw ModelError(fmt::format("{}: wanted an output of shape {}: found {}: {}", source, wanted, c10::str(output.sizes()), remedy));
}

at::Tensor pool(const at::Tensor& tokens, std::int64_t tiles, const RowRule& rule, const std::string& source) {
  if (tokens.dim() != 3 || tokens.size(0) != tiles || tokens.size(1) <= rule.prefix_tokens || tokens.size(2) < 1)
    refuse_shape(tokens, fmt::format("[{}, more than {} tokens, features] for pooling '{}'", tiles, rule.prefix_tokens, pooling_name(rule.pooling)),
                 "correct 'pooling' and 'prefix_tokens' in microtome.json", source);
  const at::Tensor first = tokens.select(1, 0);
  if (rule.pooling == Pooling::class_token) return first;
  const at::Tensor mean = tokens.slice(1, rule.prefix_tokens).mean(1);
  return rule.pooling == Pooling::mean ? mean : at::cat({first, mean}, 1);
}

}  // namespace

at::Tensor make_rows(const at::Tensor& output, std::int64_t tiles, const RowRule& rule, const std::string& source) {
  at::Tensor rows = output.to(at::kFloat);  // sums of a lower precision would lose what the network has
  if (rule.pooling != Pooling::none) rows = pool(rows, tiles, rule, source);
  if (rows.dim() == 4 && rows.size(2) == 1 && rows.size(3) == 1) rows = rows.flatten(1);
  if (rows.dim() != 2 || rows.size(0) != tiles || rows.size(1) < 1)
    refuse_shape(rows, fmt::format("[{}, features]", tiles), "export the model with one pooled row per tile, or state 'pooling' in microtome.json",
                 source);
  if (!rule.probabilities) return rows;
  return rows.size(1) == 1 ? rows.sigmoid() : rows.softmax(1);
}

std::string row_rule_text(const RowRule& rule) {
  std::string text;
  if (rule.pooling != Pooling::none) text = fmt::format("{} of {} prefix tokens", pooling_name(rule.pooling), rule.prefix_tokens);
  if (rule.probabilities) text += text.empty() ? "softmax" : ", softmax";
  return text;
}

}  // namespace microtome
