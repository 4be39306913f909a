// SPDX-License-Identifier: Apache-2.0
// From the logits of a network to the risk and the survival curve of a patient. Internal to mil/: torch types.
//   hazards  K logits: h_k = sigmoid(logit_k), S_k = prod_{j<=k} (1 - h_j), risk = -sum_k S_k, from -K to 0 (Zadeh & Schmid 2020)
//   risk     one logit: risk = logit, S(t) = exp(-H0(t) exp(logit)), H0 the baseline of Breslow (Cox 1972)
#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "mil/aggregators/aggregator.h"

namespace microtome {

/// logits (L) to a scalar, with gradient. Higher is worse.
at::Tensor risk_of(const SurvivalCard& card, const at::Tensor& logits);

/// logits (L) double.
SurvivalAnswer survival_answer(const SurvivalCard& card, const at::Tensor& logits);

/// What was weighed of L logits as what it says of the risk alone: shares are those of the logits times the slope of the risk, so that they still
/// add up to it, to first order for hazards and exactly for one logit. Attention becomes the mean over heads.
Weighed weighed_risk(const SurvivalCard& card, const Weighed& weighed);

}  // namespace microtome
