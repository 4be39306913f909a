// SPDX-License-Identifier: Apache-2.0
// How much covariates multiply the rate of events, whatever that rate is over time (Cox 1972).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mil/evaluation/survival/follow_up.h"

namespace microtome {

/// Of events that share a time: Breslow (1974) as if each came alone with all others still there; Efron (1977) nearer to the truth.
enum class CoxTies { breslow, efron };

struct CoxSettings {
  CoxTies ties = CoxTies::efron;
  double ridge = 0;  // penalty of ridge / 2 times the sum of squared coefficients on the log partial likelihood
  double level = 0.95;
};

struct CoxTerm {
  double coefficient = 0;
  double standard_error = 0;  // from the inverse of the penalised information
  double hazard_ratio = 1;    // exp(coefficient), with Wald's interval
  double low = 0, high = 0;
  double z = 0, p = 1;  // Wald
};

/// Cumulated hazard from this time on (Breslow 1972), of a patient whose covariates are the means.
struct HazardStep {
  double months = 0;
  double cumulated = 0;
};

struct CoxFit {
  std::string problem;  // a sentence: there is no fit, and nothing below holds anything
  std::vector<CoxTerm> terms;
  std::vector<double> covariance;  // (P, P)
  std::vector<double> means;       // (P) of the covariates
  std::vector<HazardStep> baseline;
  double log_likelihood = 0, null_log_likelihood = 0;  // partial, without penalty
  std::optional<double> likelihood_ratio_p;            // of 2 (log_likelihood - null_log_likelihood), P degrees; none with a ridge
  int steps = 0;                                       // of Newton's method
  /// Of a patient with covariates x (P) at a time: exp(-cumulated hazard exp(coefficients (x - means))).
  double survival(std::span<const double> x, double months) const;
};

/// `x`: (N, P) row-major, finite. Newton's method on standardised covariates, steps halved where the likelihood would fall. What has no fit
/// is a sentence: no events, a covariate that is constant or a combination of others, coefficients without bound. O(steps N P^2).
CoxFit fit_cox(std::span<const double> x, std::size_t covariates, const FollowUp& follow_up, const CoxSettings& settings = {});

}  // namespace microtome
