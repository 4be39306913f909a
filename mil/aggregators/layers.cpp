// SPDX-License-Identifier: Apache-2.0
#include "mil/aggregators/layers.h"

#include <cmath>
#include <utility>

namespace microtome {
namespace {

constexpr double kSaturation = -1.7580993408473766;  // - lambda alpha of SELU

}  // namespace

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

at::Tensor Dropout::alpha(const at::Tensor& values) const {
  if (rate <= 0) return values;
  const at::Tensor kept = at::empty_like(values, at::TensorOptions().requires_grad(false)).bernoulli_(1.0 - rate, generator);
  const double scale = 1 / std::sqrt((1 - rate) * (1 + rate * kSaturation * kSaturation));
  return scale * (values * kept + kSaturation * (1 - kept) - kSaturation * rate);
}

at::Tensor TileAttention::operator()(const at::Tensor& embedded, const Dropout& dropout) const {
  const at::Tensor left = dropout(at::tanh(a(embedded)));
  return c(gated ? left * dropout(at::sigmoid(b(embedded))) : left);
}

}  // namespace microtome
