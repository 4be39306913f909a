// SPDX-License-Identifier: Apache-2.0
// How far predicted survival curves lie from what happened (Graf 1999), weighted by the inverse probability of censoring.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "mil/evaluation/survival/follow_up.h"
#include "mil/evaluation/survival/kaplan_meier.h"

namespace microtome {

/// Survival probabilities of N patients at T ascending times.
struct SurvivalCurves {
  std::vector<double> months;    // (T)
  std::vector<double> survival;  // (N, T), each in 0..1
  double at(std::size_t row, std::size_t time) const { return survival[row * months.size() + time]; }
  SurvivalCurves select(const std::vector<std::size_t>& rows) const;
  /// Of one patient at any time up to the last one, straight between the times and from 1 at month 0; nullopt beyond.
  std::optional<double> between(std::size_t row, double at_months) const;
};

/// At each time t the mean over patients of S(t)^2 / censoring.at(own time) where the event came by t, of (1 - S(t))^2 / censoring.at(t)
/// where the patient was followed beyond t, and of 0 where censored by t. nullopt: a weight does not exist, or nobody was followed beyond
/// t. 0.25 is what S = 0.5 for everybody gives. O(N T).
std::vector<std::optional<double>> brier_over_time(const SurvivalCurves& curves, const FollowUp& follow_up, const CensoringCurve& censoring,
                                                   RowWeights weight = {});
/// The same when everybody is given one curve, as without a model the Kaplan-Meier curve of the patients themselves.
std::vector<std::optional<double>> brier_of_one_curve(std::span<const double> months, std::span<const SurvivalStep> curve,
                                                      const FollowUp& follow_up, const CensoringCurve& censoring, RowWeights weight = {});

/// Mean over time by the trapezoid from the first to the last time. nullopt: fewer than two times, or a score is missing.
std::optional<double> integrated_brier(std::span<const double> months, std::span<const std::optional<double>> scores);

}  // namespace microtome
