// SPDX-License-Identifier: Apache-2.0
// Two models on the same rows. Differences are one minus other.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mil/evaluation/bootstrap.h"
#include "mil/evaluation/delong.h"
#include "mil/evaluation/judged.h"

namespace microtome {

/// Rows that only the one decides rightly, and the reverse. `reason` where there is no p.
struct McNemar {
  std::int64_t only_one = 0, only_other = 0;
  std::optional<double> p;
  std::string reason;
};

struct Comparison {
  std::vector<Metric> one, other;          // measure() of each on the shared rows, without intervals
  std::vector<Metric> difference;          // BCa over patients: both models see the same resample
  std::optional<DelongDifference> delong;  // of the AUC
  std::string why_no_delong;
  McNemar mcnemar;
};

/// `one` and `other` have the same rows in the same order (labels, patients), each with its own probabilities and decisions.
/// DeLong and McNemar ask for one row a patient, DeLong for two classes. Cost: twice (resamples + patients) times the measures.
Comparison compare(const Judged& one, const Judged& other, const BootstrapSettings& settings);

}  // namespace microtome
