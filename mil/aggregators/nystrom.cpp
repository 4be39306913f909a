// SPDX-License-Identifier: Apache-2.0
// out = (A1 Z)(A3 v) + conv(v) is computed as A1 (Z (A3 v)): the same numbers for a fifth of the work, and both softmaxes become fused attention
// that never holds a matrix of tokens by landmarks.
#include "mil/aggregators/nystrom.h"

#include <torch/csrc/autograd/custom_function.h>

#include <cmath>

namespace microtome {
namespace {

constexpr std::int64_t kNystromHeads = 8, kKernel = 33;
constexpr int kIterations = 6;

/// (h, m, m). Moore-Penrose by iteration; the start is scaled by the largest row and column sums over all heads.
at::Tensor pseudo_inverse(const at::Tensor& matrix) {
  const at::Tensor positive = matrix.abs();
  at::Tensor inverse = matrix.transpose(1, 2) / (positive.sum(2).max() * positive.sum(1).max());
  const at::Tensor one = at::eye(matrix.size(1), matrix.options()).unsqueeze(0);
  for (int i = 0; i < kIterations; ++i) {
    const at::Tensor product = at::matmul(matrix, inverse);
    inverse = 0.25 * at::matmul(inverse, 13 * one - at::matmul(product, 15 * one - at::matmul(product, 7 * one - product)));
  }
  return inverse;
}

/// (h, T, d) by a kernel a head (h, 1, 33, 1), along T.
at::Tensor convolved(const at::Tensor& values, const at::Tensor& kernels) {
  return at::conv2d(values.unsqueeze(0), kernels, {}, at::IntArrayRef{1, 1}, at::IntArrayRef{kKernel / 2, 0}, at::IntArrayRef{1, 1}, kNystromHeads).squeeze(0);
}

/// The same with a gradient of our own for the kernels: oneDNN's, in torch 2.11 on AVX-512, is 2 to 10 % off where T is 16 + 240 k, at 256 and 4096
/// tokens for instance. Its convolution and the gradient of the values are right.
class ConvolveTokens : public torch::autograd::Function<ConvolveTokens> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& values, const at::Tensor& kernels) {
    context->save_for_backward({values, kernels});
    return convolved(values, kernels);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &values = saved[0], &kernels = saved[1], above = gradients[0].contiguous();
    at::Tensor of_values, of_kernels;
    if (context->needs_input_grad(0)) of_values = convolved(above, kernels.flip(2));
    if (context->needs_input_grad(1)) {
      const at::Tensor padded = at::constant_pad_nd(values, {0, 0, kKernel / 2, kKernel / 2});
      of_kernels = at::empty_like(kernels);
      for (std::int64_t head = 0; head < kNystromHeads; ++head)
        for (std::int64_t tap = 0; tap < kKernel; ++tap)
          of_kernels[head][0][tap][0] = at::dot(above[head].flatten(), padded[head].narrow(0, tap, values.size(1)).flatten());
    }
    return {of_values, of_kernels};
  }
};

/// softmax(queries keys^T) values, for (h, ., d).
at::Tensor attend(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values) {
  return at::scaled_dot_product_attention(queries.unsqueeze(0), keys.unsqueeze(0), values.unsqueeze(0), {}, 0.0, false, 1.0).squeeze(0);
}

/// Head by head: one matrix of landmarks by tokens at a time.
at::Tensor first_row(const at::Tensor& first_query, const at::Tensor& landmark_queries, const at::Tensor& landmark_keys, const at::Tensor& keys,
                     const at::Tensor& inverse) {
  at::Tensor sum = at::zeros({1, keys.size(1)}, at::kDouble);
  for (std::int64_t head = 0; head < kNystromHeads; ++head) {
    const at::Tensor to_landmarks = at::softmax(at::matmul(first_query[head], landmark_keys[head].t()), 1);  // (1, m)
    const at::Tensor to_tokens = at::softmax(at::matmul(landmark_queries[head], keys[head].t()), 1);         // (m, T)
    sum += at::matmul(at::matmul(to_landmarks, inverse[head]), to_tokens);
  }
  return sum.squeeze(0) / static_cast<double>(kNystromHeads);
}

}  // namespace

void NystromAttention::add_slots(Slots& slots, const std::string& name, std::int64_t width) {
  slots.add(name + ".to_qkv.weight", to_qkv, {3 * width, width}, Start::fan_in);
  slots.add(name + ".to_out.0", to_out, width, width, Start::fan_in);
  slots.add(name + ".res_conv.weight", res_conv, {kNystromHeads, 1, kKernel, 1}, Start::fan_in);
}

at::Tensor NystromAttention::operator()(const at::Tensor& tokens, const Dropout& dropout, at::Tensor* class_row) const {
  const std::int64_t count = tokens.size(0), width = tokens.size(1), landmarks = width / 2, head_width = width / kNystromHeads;
  const std::int64_t padding = (landmarks - count % landmarks) % landmarks, padded = count + padding;
  const at::Tensor qkv = at::linear(at::constant_pad_nd(tokens, {0, 0, padding, 0}), to_qkv);
  const auto parts = qkv.reshape({padded, 3, kNystromHeads, head_width}).permute({1, 2, 0, 3});  // (3, h, T, d)
  const at::Tensor queries = (parts[0] / std::sqrt(static_cast<double>(head_width))).contiguous(), keys = parts[1].contiguous();
  const at::Tensor values = parts[2].contiguous();
  const auto means = [&](const at::Tensor& of) { return of.reshape({kNystromHeads, landmarks, padded / landmarks, head_width}).mean(2); };
  const at::Tensor landmark_queries = means(queries), landmark_keys = means(keys);
  const at::Tensor inverse = pseudo_inverse(at::softmax(at::matmul(landmark_queries, landmark_keys.transpose(1, 2)), 2));
  const at::Tensor by_landmarks = at::matmul(inverse, attend(landmark_queries, keys, values));  // (h, m, d)
  const at::Tensor heads = attend(queries, landmark_keys, by_landmarks) + ConvolveTokens::apply(values, res_conv);
  if (class_row != nullptr)
    *class_row = first_row(queries.narrow(1, padding, 1).detach(), landmark_queries.detach(), landmark_keys.detach(), keys.detach(), inverse.detach())
                     .narrow(0, padding, count);
  const at::Tensor out = dropout(to_out(heads.transpose(0, 1).reshape({padded, width})));
  return out.narrow(0, padding, count);
}

}  // namespace microtome
