// SPDX-License-Identifier: Apache-2.0
#include "mil/aggregators/layers.h"

#include <ATen/core/dispatch/Dispatcher.h>

#include <cmath>
#include <string_view>
#include <utility>

namespace microtome {
namespace {

constexpr double kSaturation = -1.7580993408473766;  // - lambda alpha of SELU

at::Tensor activated(const at::Tensor& values, Activation activation) {
  if (activation == Activation::relu) return at::relu(values);
  return activation == Activation::tanh ? at::tanh(values) : at::sigmoid(values);
}

std::string_view name_of(Activation activation) {
  if (activation == Activation::relu) return "relu";
  return activation == Activation::tanh ? "tanh" : "sigmoid";
}

bool pays_to_fuse(const at::Tensor& input) {
  return !at::GradMode::is_enabled() && at::hasMKLDNN() && input.dim() == 2 && input.size(0) > 0 && input.size(0) % kFusedRows == 0;
}

/// The operator that torch's own compiler uses; no header declares it.
at::Tensor fused(const at::Tensor& input, const Linear& layer, Activation activation) {
  using Operator = at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&, std::string_view,
                              c10::List<std::optional<at::Scalar>>, std::optional<std::string_view>);
  static const auto linear = c10::Dispatcher::singleton().findSchemaOrThrow("mkldnn::_linear_pointwise", "").typed<Operator>();
  return linear.call(input, layer.weight, layer.bias, name_of(activation), c10::List<std::optional<at::Scalar>>(), "");
}

}  // namespace

at::Tensor Linear::operator()(const at::Tensor& input, Activation activation) const {
  return pays_to_fuse(input) ? fused(input, *this, activation) : activated((*this)(input), activation);
}

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
  const at::Tensor left = dropout(a(embedded, Activation::tanh));
  return c(gated ? left * dropout(b(embedded, Activation::sigmoid)) : left);
}

}  // namespace microtome
