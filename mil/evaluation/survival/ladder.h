// SPDX-License-Identifier: Apache-2.0
// What simpler models reach beside a model, on the same patients: a rung each.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mil/evaluation/bootstrap.h"
#include "mil/evaluation/survival/judged_survival.h"
#include "mil/evaluation/survival/survival_measures.h"

namespace microtome {

/// The model itself among its rungs.
inline constexpr const char* kTopRung = "fusion";

struct JudgedRung {
  std::string name;
  Metric c_harrell, c_uno;
  std::optional<Metric> fusion_minus;  // Harrell's c of the model less that of the rung; none of the model itself
};

/// The model first, then judged.ladder in its order; empty without rungs. With two or more folds each c is the mean over folds of that
/// within the fold (Uno's with the other folds' censoring), as risks of two folds' models need not be on one scale; else it is that of all
/// patients. BCa intervals come from the resamples that measure_survival_fold_means() and measure_survival() draw, the same for every rung,
/// so that differences are paired. What has no value says why. Cost: (resamples + at most 2000) times rungs times O(N log N).
std::vector<JudgedRung> judge_ladder(const JudgedSurvival& judged, const SurvivalTimes& times, const BootstrapSettings& settings);

/// The rung with the highest c_harrell, the first of equals; the model itself is none. nullptr: no rung has one.
const JudgedRung* best_rung(const std::vector<JudgedRung>& ladder);

}  // namespace microtome
