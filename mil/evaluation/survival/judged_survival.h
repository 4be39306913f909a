// SPDX-License-Identifier: Apache-2.0
// What an evaluation of survival starts from: patients with their follow-up and the risk that a model gave them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "mil/evaluation/survival/brier_over_time.h"
#include "mil/evaluation/survival/follow_up.h"

namespace microtome {

/// A simpler model beside the one that is judged.
struct Rung {
  std::string name;
  std::vector<double> risk;  // (N) on a scale of its own
};

/// N rows, one a patient.
struct JudgedSurvival {
  FollowUp follow_up;
  std::vector<double> risk;     // (N) higher is worse
  SurvivalCurves curves;        // (N, T); T is 0 where only risks were predicted
  std::vector<int> fold;        // (N) the fold in which the patient was held out; empty: no folds
  std::vector<char> high_risk;  // (N) 0 or 1; see split_risks()
  std::vector<Rung> ladder;     // empty: nothing is known of simpler models

  std::size_t rows() const { return risk.size(); }
  std::vector<int> fold_numbers() const;                                         // sorted, each once
  std::vector<std::size_t> rows_of_fold(int number, bool others = false) const;  // ascending; with `others` those of all other folds
  JudgedSurvival select(const std::vector<std::size_t>& rows) const;
};

/// Where risks were cut into low and high. Without folds one cut; with folds one each.
struct RiskCut {
  std::string source;  // a phrase
  std::vector<int> folds;
  std::vector<double> cuts;
};

/// Fills in high_risk: at or above the cut. `given`: a cut from training risks. Without it each fold's is the median risk of the other
/// folds' patients, so that no patient takes part in the choice of the own cut; without folds it is the median of the patients themselves.
RiskCut split_risks(JudgedSurvival& judged, std::optional<double> given);

}  // namespace microtome
