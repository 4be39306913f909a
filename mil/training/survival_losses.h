// SPDX-License-Identifier: Apache-2.0
// What training lowers where patients are followed. Internal to mil/: torch types. Logits are float or double; results are scalars with gradient.
#pragma once

#include <ATen/ATen.h>

#include <string>
#include <vector>

namespace microtome {

/// When it ended for one patient, and the bin of it: the first one whose right end is not below the months.
struct Followed {
  double months = 0;
  bool event = false;
  int bin = 0;
};

/// Negative log likelihood of discrete hazards (Zadeh & Schmid 2020), logits (K) of one patient: with S_k = prod_{j<=k} (1 - h_j),
///   event: -log S_{y-1} - log h_y, times 1;  censored: -log S_y, times 1 - alpha.
/// As sums of softplus: no clamp is needed.
at::Tensor hazard_nll(const at::Tensor& logits, const Followed& followed, double alpha);

/// MCAT's cross-entropy over survival: (1 - alpha) [-c log S_y - (1 - c) log(1 - S_y)] + alpha [event: its likelihood as above].
at::Tensor survival_cross_entropy(const at::Tensor& logits, const Followed& followed, double alpha);

/// Negative log partial likelihood (Cox 1972) of risks (n), ties as Breslow's or Efron's, divided by the events; 0, with a graph, without any.
/// O(n log n).
at::Tensor cox_loss(const at::Tensor& risks, const std::vector<Followed>& followed, bool efron);

/// DeepHit's ranking (Lee et al. 2018): mean over pairs (i with the event before j's time) of exp(-(F_i(t_i) - F_j(t_i)) / 0.1), F = 1 - S; logits (n, K);
/// 0, with a graph, without a pair. O(n^2).
at::Tensor ranking_loss(const at::Tensor& logits, const std::vector<Followed>& followed);

/// Names as users write them: nll, ce-surv, cox, cox-efron, ranking (the mean of nll and DeepHit's ranking).
const char* survival_loss_names();
bool is_survival_loss(const std::string& name);
/// Whether the network gives one log hazard ratio and no hazards.
bool is_cox(const std::string& name);
/// Whether patients are compared: a step needs several.
bool compares_patients(const std::string& name);

/// Of the patients of a step: logits (n, L). Mean over patients (cox: over events).
at::Tensor survival_loss(const std::string& name, const at::Tensor& logits, const std::vector<Followed>& followed, double alpha);

}  // namespace microtome
