// SPDX-License-Identifier: Apache-2.0
// Whether groups of patients differ in survival at all (Mantel 1966, Peto and Peto 1972).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mil/evaluation/survival/follow_up.h"

namespace microtome {

/// Of each group: patients, events seen, and events it would have had if groups did not differ.
struct LogRankGroup {
  std::int64_t n = 0, events = 0;
  double expected = 0;
};

struct LogRank {
  std::vector<LogRankGroup> groups;
  std::optional<double> chi_square, p;
  int degrees = 0;     // of freedom
  std::string reason;  // why there is no p
};

/// `group`: (N) 0 .. groups-1; groups without a patient still followed at the first event take no part. The variance is the hypergeometric
/// one. O(N log N + times groups^2).
LogRank log_rank(const FollowUp& follow_up, const std::vector<int>& group, int groups);

}  // namespace microtome
