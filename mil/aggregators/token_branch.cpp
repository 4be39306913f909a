// SPDX-License-Identifier: Apache-2.0
#include "mil/aggregators/token_branch.h"

#include <cmath>

namespace microtome {
namespace {

constexpr std::int64_t kHeads = 8;

/// (T, E) to (heads, T, E / heads).
at::Tensor by_head(const at::Tensor& tokens) { return tokens.reshape({tokens.size(0), kHeads, -1}).transpose(0, 1); }

}  // namespace

void PostNormLayer::add_slots(Slots& slots, const std::string& name, std::int64_t width) {
  slots.add(name + ".self_attn.in_proj_weight", in_weight, {3 * width, width}, Start::xavier);
  slots.add(name + ".self_attn.in_proj_bias", in_bias, {3 * width}, Start::zeros);
  slots.add(name + ".self_attn.out_proj", out, width, width, Start::fan_in);
  slots.add(name + ".linear1", first, 2 * width, width);
  slots.add(name + ".linear2", second, width, 2 * width, Start::fan_in);
  slots.add(name + ".norm1", norm1, width);
  slots.add(name + ".norm2", norm2, width);
}

at::Tensor PostNormLayer::operator()(const at::Tensor& tokens, const Dropout& dropout) const {
  const auto parts = at::linear(tokens, in_weight, in_bias).chunk(3, 1);
  const at::Tensor queries = by_head(parts[0]) / std::sqrt(static_cast<double>(tokens.size(1) / kHeads));
  const at::Tensor attention = dropout(at::softmax(at::matmul(queries, by_head(parts[1]).transpose(1, 2)), 2));
  const at::Tensor seen = at::matmul(attention, by_head(parts[2])).transpose(0, 1).reshape(tokens.sizes());
  const at::Tensor middle = norm1(tokens + dropout(out(seen)));
  return norm2(middle + dropout(second(dropout(at::relu(first(middle))))));
}

void TokenBranch::add_slots(Slots& slots, const std::string& name, std::int64_t width, std::int64_t attention_dim) {
  for (std::size_t i = 0; i < layers.size(); ++i) layers[i].add_slots(slots, name + "_transformer.layers." + std::to_string(i), width);
  slots.add(name + "_attention_head.attention_a.0", attention.a, attention_dim, width);
  slots.add(name + "_attention_head.attention_b.0", attention.b, attention_dim, width);
  slots.add(name + "_attention_head.attention_c", attention.c, 1, attention_dim);
  slots.add(name + "_rho.0", rho, width, width);
}

at::Tensor TokenBranch::operator()(const at::Tensor& tokens, const Dropout& dropout) const {
  at::Tensor read = tokens;
  for (const PostNormLayer& layer : layers) read = layer(read, dropout);
  const at::Tensor weights = at::softmax(attention(read, dropout), 0);
  return dropout(at::relu(rho(at::matmul(weights.t(), read).squeeze(0))));
}

}  // namespace microtome
