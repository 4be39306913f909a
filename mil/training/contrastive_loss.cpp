// SPDX-License-Identifier: Apache-2.0
#include "mil/training/contrastive_loss.h"

#include <fmt/format.h>

#include "mil/model_error.h"

namespace microtome {
namespace {

constexpr double kLeastLength = 1e-12;  // of a row of zeros

at::Tensor of_length_one(const at::Tensor& rows) { return rows / rows.norm(2, 1, true).clamp_min(kLeastLength); }

}  // namespace

at::Tensor contrastive_loss(const at::Tensor& slides, const at::Tensor& tables, double temperature) {
  if (slides.dim() != 2 || slides.sizes() != tables.sizes() || slides.size(0) == 0)
    throw ModelError(fmt::format("the contrastive loss: a vector a slide and one of the same width a table were wanted: there are {} and {} numbers",
                                 slides.numel(), tables.numel()));
  if (!(temperature > 0)) throw ModelError(fmt::format("the contrastive loss: a temperature above 0 was wanted: it is {}", temperature));
  const at::Tensor scores = at::matmul(of_length_one(slides), of_length_one(tables).t()) / temperature;
  return -0.5 * (at::log_softmax(scores, 1).diagonal().mean() + at::log_softmax(scores, 0).diagonal().mean());
}

}  // namespace microtome
