// SPDX-License-Identifier: Apache-2.0
// The share of patients without an event by each time, although some were not followed to their end (Kaplan and Meier 1958).
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "mil/evaluation/survival/follow_up.h"

namespace microtome {

/// The curve from one time (included) to the next (not included).
struct SurvivalStep {
  TimeCount count;
  double survival = 1;
  double variance_of_log = 0;       // Greenwood's sum of d / (n (n - d)); infinite where survival is 0
  std::optional<double> low, high;  // none where survival is 0, and on the log-log scale where it is 1
};

/// plain: S -+ z S sd. log_log: S^exp(-+ z sd / log S), which stays inside 0..1 (Kalbfleisch and Prentice 1980).
enum class SurvivalLimits { plain, log_log };

/// One step a time of `counts`. O(times).
std::vector<SurvivalStep> kaplan_meier(std::span<const TimeCount> counts, SurvivalLimits limits = SurvivalLimits::log_log,
                                       double level = 0.95);

/// 1 before the first step; after the last one the last value, which says nothing of those times.
const SurvivalStep* step_at(std::span<const SurvivalStep> steps, double months);  // nullptr before the first
double survival_at(std::span<const SurvivalStep> steps, double months);

/// The first time with survival of one half or less; limits likewise from the limits of the curve (Brookmeyer and Crowley 1982).
/// nullopt: not reached.
struct MedianTime {
  std::optional<double> months, low, high;
};
MedianTime median_time(std::span<const SurvivalStep> steps);

/// Share of patients not yet censored: the weights of everything that is weighted by the inverse probability of censoring.
class CensoringCurve {
 public:
  explicit CensoringCurve(std::span<const TimeCount> counts);
  /// Just after and just before a time. 0 where nobody was followed that long.
  double at(double months) const;
  double before(double months) const;

 private:
  std::vector<double> months_, after_;
};

}  // namespace microtome
