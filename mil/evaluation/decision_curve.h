// SPDX-License-Identifier: Apache-2.0
// What acting on a probability is worth (Vickers and Elkin 2006).
#pragma once

#include <span>
#include <vector>

#include "mil/evaluation/roc.h"

namespace microtome {

/// Net benefit in true positives a row: TP/n - FP/n * t/(1-t), where who acts from probability t on holds one missed positive worth
/// (1-t)/t needless acts. Acting on nobody is worth 0.
struct NetBenefit {
  double threshold = 0;
  double model = 0;
  double act_on_all = 0;
};

/// At thresholds 0.01, 0.02, ..., 0.99; a row counts as positive at or above. Empty without rows. Counts have scores descending.
std::vector<NetBenefit> decision_curve(std::span<const ScoreCount> counts);

}  // namespace microtome
