// SPDX-License-Identifier: Apache-2.0
// Every measure of a classifier, each with its interval.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mil/evaluation/bootstrap.h"
#include "mil/evaluation/judged.h"
#include "mil/evaluation/roc.h"

namespace microtome {

/// The measures of one set of rows, quickly for any weighting of them. Two classes: auc, auprc, accuracy, balanced_accuracy, sensitivity,
/// specificity, ppv, npv, f1, mcc, kappa, brier, ece, ece_equal_mass, calibration_slope, calibration_intercept (of the large).
/// Several: auc and auprc (means of each class against the rest), auc_hand_till, accuracy, balanced_accuracy, sensitivity, specificity and
/// f1 (means over classes), mcc, kappa, brier, ece and ece_equal_mass (of the most probable class).
class ClassificationMeasures {
 public:
  /// `judged` outlives this and has its decisions.
  explicit ClassificationMeasures(const Judged& judged);
  const std::vector<std::string>& names() const { return names_; }
  /// In the order of names(). O(N) for two classes, O(N C^2) for more, plus Newton's steps over distinct scores.
  std::vector<std::optional<double>> values(RowWeights weight = {}) const;

 private:
  std::vector<std::optional<double>> binary_values(RowWeights weight) const;
  std::vector<std::optional<double>> class_values(RowWeights weight) const;
  const Judged& judged_;
  std::vector<std::string> names_;
  RankedScores reliability_;  // of the positive class, or of the most probable one
  std::optional<ClassRanks> ranks_;
};

/// Why a measure of this name may have no value; a sentence.
std::string why_absent(const std::string& name);

/// All measures of names(), then temperature (no interval). Intervals are BCa over patients; that of the AUC is DeLong's where there are
/// two classes and one row a patient, and then `auc_bootstrap` follows. Cost: (resamples + patients) times values().
std::vector<Metric> measure(const Judged& judged, const BootstrapSettings& settings);

/// What to know of a calibration error of so many rows; "": nothing.
std::string calibration_error_note(std::size_t rows);

/// The measures of measure() for rows that cannot be judged: none has a value, `why` is each one's reason.
std::vector<Metric> measures_without_value(const Judged& judged, const std::string& why);

/// Mean over folds of the measures of each fold's rows (where a fold has one), patients resampled inside each fold. Empty with fewer
/// than two folds.
std::vector<Metric> measure_fold_means(const Judged& judged, const BootstrapSettings& settings);

}  // namespace microtome
