// SPDX-License-Identifier: Apache-2.0
#include "mil/training/losses.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <utility>

#include "mil/model_error.h"

namespace microtome {
namespace {

constexpr std::array<std::pair<const char*, LossKind>, 6> kLosses{{{"cross-entropy", LossKind::cross_entropy},
                                                                   {"focal", LossKind::focal},
                                                                   {"bce", LossKind::bce},
                                                                   {"smooth-svm", LossKind::smooth_svm},
                                                                   {"mse", LossKind::mse},
                                                                   {"huber", LossKind::huber}}};

at::Tensor one_hot(const at::Tensor& logits, int label) {
  at::Tensor target = at::zeros_like(logits, at::TensorOptions().requires_grad(false));
  target[label] = 1;
  return target;
}

at::Tensor unweighted(const BagLoss& loss, const at::Tensor& logits, int label) {
  const auto log_probability = [&] { return at::log_softmax(logits, 0)[label]; };
  switch (loss.kind) {
    case LossKind::cross_entropy:
      return -log_probability();
    case LossKind::focal: {
      const at::Tensor log_p = log_probability();
      return -(1 - log_p.exp()).clamp_min(0).pow(loss.focal_gamma) * log_p;
    }
    case LossKind::bce:
      return multi_label_loss(logits, one_hot(logits, label));
    case LossKind::smooth_svm:
      return smooth_svm_loss(logits.unsqueeze(0), at::full({1}, label, at::kLong));
    case LossKind::mse:
      return (at::softmax(logits, 0) - one_hot(logits, label)).square().sum();
    case LossKind::huber:
      return at::huber_loss(at::softmax(logits, 0), one_hot(logits, label), at::Reduction::Sum, 0.5);
  }
  return {};
}

}  // namespace

LossKind loss_of(const std::string& name) {
  for (const auto& [known, kind] : kLosses)
    if (name == known) return kind;
  throw ModelError(fmt::format("the loss: one of {} was wanted: found '{}'", loss_names(), name));
}

const char* label_loss_names() { return "bce, focal"; }
const char* value_loss_names() { return "mse, huber"; }
const char* loss_names() { return "cross-entropy, focal, bce, smooth-svm, mse, huber"; }

at::Tensor BagLoss::operator()(const at::Tensor& logits, int label) const {
  const at::Tensor loss = unweighted(*this, logits, label);
  return class_weights.empty() ? loss : loss * class_weights.at(static_cast<std::size_t>(label));
}

at::Tensor BagLoss::operator()(const at::Tensor& logits, const Target& target) const {
  if (answer == AnswerKind::classes) return (*this)(logits, target.label);
  if (answer == AnswerKind::labels) {
    const at::Tensor positive = class_weights.empty() ? at::Tensor() : at::tensor(class_weights, logits.scalar_type());
    return multi_label_loss(logits, at::tensor(target.marks, logits.scalar_type()), positive, kind == LossKind::focal ? focal_gamma : 0);
  }
  const at::Tensor score = at::full_like(logits, target.score, at::TensorOptions().requires_grad(false));
  return kind == LossKind::huber ? at::huber_loss(logits, score) : (logits - score).square().mean();
}

at::Tensor multi_label_loss(const at::Tensor& logits, const at::Tensor& targets, const at::Tensor& positive, double focal_gamma) {
  const at::Tensor known = at::isnan(targets).logical_not().nonzero().squeeze(1);
  const at::Tensor told = logits.index_select(0, known), wanted = targets.index_select(0, known).to(logits.scalar_type());
  const at::Tensor weight = positive.defined() ? positive.index_select(0, known) : at::Tensor();
  if (focal_gamma == 0) return at::binary_cross_entropy_with_logits(told, wanted, {}, weight);
  const at::Tensor log_right = at::log_sigmoid(told * (2 * wanted - 1));
  const at::Tensor each = -(1 - log_right.exp()).clamp_min(0).pow(focal_gamma) * log_right;
  return (weight.defined() ? each * at::where(wanted > 0.5, weight, at::ones_like(weight)) : each).mean();
}

at::Tensor smooth_svm_loss(const at::Tensor& logits, const at::Tensor& targets) {
  const at::Tensor index = targets.unsqueeze(1);
  const at::Tensor margin = at::ones_like(logits, at::TensorOptions().requires_grad(false)).scatter(1, index, 0);
  const at::Tensor raised = logits + margin - logits.gather(1, index);
  const at::Tensor best = std::get<0>(logits.detach().topk(2, 1));
  const at::Tensor clear = best.select(1, 0) - best.select(1, 1) >= std::log(1000.0);
  return at::where(clear, std::get<0>(raised.max(1)), at::logsumexp(raised, 1)).mean();
}

}  // namespace microtome
