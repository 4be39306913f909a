// SPDX-License-Identifier: Apache-2.0
// Whether predicted survival probabilities are what they say: of those given 0.8 at five years, do eight in ten live then?
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mil/evaluation/survival/brier_over_time.h"
#include "mil/evaluation/survival/follow_up.h"

namespace microtome {

/// Patients with similar predictions.
struct HorizonGroup {
  std::int64_t n = 0, events = 0;             // events by the horizon
  double predicted = 0;                       // mean survival probability at the horizon
  std::optional<double> observed, low, high;  // Kaplan-Meier at the horizon, log-log limits; none where nobody was followed so long
};

/// Groups of nearly equal numbers by `predicted` (N, at the horizon), ascending; equal predictions stay together and go where their middle
/// belongs. Empty groups are left out. O(N log N).
std::vector<HorizonGroup> calibration_at(std::span<const double> predicted, const FollowUp& follow_up, double horizon, int groups);
/// Mean over patients of |predicted - observed| of their group. nullopt: a group without an observation, or none.
std::optional<double> horizon_error(const std::vector<HorizonGroup>& groups);

/// Test of the whole curves (Haider 2020): if they are right, the probabilities that patients were given for their own times of event are
/// uniform. `expected_share` is a tenth each; a censored patient is spread over the bins that remain open to it.
struct DCalibration {
  static constexpr int kBins = 10;
  std::array<double, kBins> share{};    // of patients, survival 0..0.1 first
  std::optional<double> chi_square, p;  // 9 degrees of freedom
  std::string reason;
};
/// A patient followed beyond the last time of the curves counts as censored there.
DCalibration d_calibration(const SurvivalCurves& curves, const FollowUp& follow_up);

}  // namespace microtome
