// SPDX-License-Identifier: Apache-2.0
#include "mil/aggregators/survival_head.h"

#include <torch/csrc/autograd/autograd.h>

#include <cmath>

namespace microtome {
namespace {

/// log S_k = -sum_{j<=k} softplus(logit_j): no sigmoid rounds to 1.
at::Tensor log_survival(const at::Tensor& logits) { return -at::cumsum(at::softplus(logits), 0); }

}  // namespace

at::Tensor risk_of(const SurvivalCard& card, const at::Tensor& logits) {
  return card.form == "hazards" ? -log_survival(logits).exp().sum() : logits.sum();
}

SurvivalAnswer survival_answer(const SurvivalCard& card, const at::Tensor& logits) {
  SurvivalAnswer answer;
  answer.risk = risk_of(card, logits).item<double>();
  answer.cut = card.risk_cut;
  answer.months = card.months;
  const at::Tensor curve = card.form == "hazards" ? log_survival(logits).exp() : at::Tensor();
  for (std::size_t k = 0; k < card.months.size(); ++k)
    answer.survival.push_back(curve.defined() ? curve[static_cast<std::int64_t>(k)].item<double>() : std::exp(-card.baseline[k] * std::exp(answer.risk)));
  return answer;
}

Weighed weighed_risk(const SurvivalCard& card, const Weighed& weighed) {
  const at::AutoGradMode with_gradient(true);
  const at::Tensor logits = weighed.logits.detach().clone().requires_grad_(true);
  const at::Tensor risk = risk_of(card, logits);
  const at::Tensor slope = torch::autograd::grad({risk}, {logits}).front();
  const at::Tensor contribution = at::mv(weighed.contribution, slope).unsqueeze(1);
  const at::Tensor answer = risk.detach().unsqueeze(0);
  return {answer, weighed.attention.mean(1, true), contribution, answer - contribution.sum(0)};
}

}  // namespace microtome
