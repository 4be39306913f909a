// SPDX-License-Identifier: Apache-2.0
#include "mil/aggregators/layers.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>

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

/// Of what oneDNN does in the same pass. Its ReLU makes 0 of NaN, and a bag or weights that hold one would get an answer: torch's comes after it.
std::string_view name_of(Activation activation) {
  if (activation == Activation::relu) return "none";
  return activation == Activation::tanh ? "tanh" : "sigmoid";
}

/// The operator that torch's own compiler uses; no header declares it.
at::Tensor one_pass(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias, Activation activation) {
  using Operator = at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&, std::string_view,
                              c10::List<std::optional<at::Scalar>>, std::optional<std::string_view>);
  static const auto linear = c10::Dispatcher::singleton().findSchemaOrThrow("mkldnn::_linear_pointwise", "").typed<Operator>();
  const at::Tensor output = linear.call(input, weight, bias, name_of(activation), c10::List<std::optional<at::Scalar>>(), "");
  return activation == Activation::relu ? output.relu_() : output;
}

at::Tensor in_passes(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias, Activation activation) {
  const std::int64_t rows = input.size(0), left = rows % kPassRows;
  if (rows == kPassRows) return one_pass(input, weight, bias, activation);
  const at::Tensor output = at::empty({rows, weight.size(0)}, input.options().requires_grad(false));
  for (std::int64_t first = 0; first + kPassRows <= rows; first += kPassRows)
    output.narrow(0, first, kPassRows).copy_(one_pass(input.narrow(0, first, kPassRows), weight, bias, activation));
  if (left > 0) output.narrow(0, rows - left, left).copy_(activated(at::linear(input.narrow(0, rows - left, left), weight, bias), activation));
  return output;
}

struct ActivatedProduct : torch::autograd::Function<ActivatedProduct> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                            std::int64_t activation) {
    const at::Tensor output = in_passes(input, weight, bias, static_cast<Activation>(activation));
    context->save_for_backward({input, weight, output});
    context->saved_data["activation"] = activation;
    return output;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto activation = static_cast<Activation>(context->saved_data["activation"].toInt());
    const at::Tensor before = before_activation(gradients.front(), saved[2], activation);
    const auto wanted = [&](std::size_t i) { return context->needs_input_grad(i); };
    return {wanted(0) ? at::mm(before, saved[1]) : at::Tensor(), wanted(1) ? at::mm(before.t(), saved[0]) : at::Tensor(),
            wanted(2) ? before.sum(0) : at::Tensor(), at::Tensor()};
  }

 private:
  static at::Tensor before_activation(const at::Tensor& gradient, const at::Tensor& output, Activation activation) {
    if (activation == Activation::relu) return at::threshold_backward(gradient, output, 0);
    return activation == Activation::tanh ? at::tanh_backward(gradient, output) : at::sigmoid_backward(gradient, output);
  }
};

}  // namespace

at::Tensor Linear::operator()(const at::Tensor& input, Activation activation) const {
  if (!at::hasMKLDNN() || input.dim() != 2 || input.size(0) < kPassRows) return activated((*this)(input), activation);
  if (!at::GradMode::is_enabled()) return in_passes(input, weight, bias, activation);
  return ActivatedProduct::apply(input, weight, bias, static_cast<std::int64_t>(activation));
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
