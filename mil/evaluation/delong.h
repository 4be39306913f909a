// SPDX-License-Identifier: Apache-2.0
// The variance of an area under the ROC curve without resampling (DeLong, DeLong and Clarke-Pearson 1988), in O(N log N) by midranks
// (Sun and Xu 2014). Rows must be independent: one a patient.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "mil/evaluation/intervals.h"

namespace microtome {

struct DelongArea {
  double auc = 0;
  double variance = 0;
};

/// Two models on the same rows.
struct DelongDifference {
  DelongArea one, other;
  double covariance = 0;
  double difference = 0;       // one - other
  double variance = 0;         // of the difference
  std::optional<double> z, p;  // two-sided; nullopt where the variance is 0
  std::optional<double> low, high;
};

/// nullopt: fewer than two rows of one class, whose spread cannot be estimated. One score and one flag (0 or 1) a row.
std::optional<DelongArea> delong(std::span<const double> score, std::span<const char> positive);
std::optional<DelongDifference> delong_difference(std::span<const double> one, std::span<const double> other,
                                                  std::span<const char> positive, double level = 0.95);

/// Normal interval; on the logit scale from 0.9 up, from 0.1 down and where the plain one would leave 0..1 (Pepe 2003), and `method` says
/// which. No interval where the variance is 0, as with perfect separation: `reason` says so.
Interval delong_interval(const DelongArea& area, double level = 0.95);

}  // namespace microtome
