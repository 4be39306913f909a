// SPDX-License-Identifier: Apache-2.0
// How far apart the levels of a column are treated. Two classes only.
#pragma once

#include <vector>

#include "mil/evaluation/judged.h"
#include "mil/evaluation/levels.h"

namespace microtome {

/// equal_opportunity (sensitivity), equalised_odds (the larger of the distances of sensitivity and of the false positive rate),
/// demographic_parity (share called positive), predictive_parity (PPV), calibration (ECE of 15 bins); Hardt 2016, Chouldechova 2017.
/// `level`: (N) 0 .. levels-1, or -1 for rows left out. Permutes levels among patients where every patient has one, else among rows.
/// Cost: settings.resamples times O(N).
std::vector<Gap> fairness_gaps(const Judged& judged, const std::vector<int>& level, int levels, const BootstrapSettings& settings);

}  // namespace microtome
