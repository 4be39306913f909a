// SPDX-License-Identifier: Apache-2.0
#include "mil/aggregators/layers.h"

#include <utility>

namespace microtome {

void Slots::add(const std::string& name, at::Tensor& tensor, std::vector<std::int64_t> shape, Start start) {
  slots_.push_back({name, &tensor, std::move(shape), start, true});
}

void Slots::add(const std::string& name, Linear& linear, std::int64_t out, std::int64_t in, Start start) {
  add(name + ".weight", linear.weight, {out, in}, start);
  add(name + ".bias", linear.bias, {out}, Start::zeros);
}

void Slots::add(const std::string& name, LayerNorm& norm, std::int64_t width) {
  add(name + ".weight", norm.weight, {width}, Start::ones);
  add(name + ".bias", norm.bias, {width}, Start::zeros);
}

at::Tensor Dropout::operator()(const at::Tensor& values) const {
  if (rate <= 0) return values;
  return values * at::empty_like(values, at::TensorOptions().requires_grad(false)).bernoulli_(1.0 - rate, generator).div_(1.0 - rate);
}

at::Tensor TileAttention::operator()(const at::Tensor& embedded, const Dropout& dropout) const {
  const at::Tensor left = dropout(at::tanh(a(embedded)));
  return c(gated ? left * dropout(at::sigmoid(b(embedded))) : left);
}

}  // namespace microtome
