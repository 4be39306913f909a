// SPDX-License-Identifier: Apache-2.0
// Every measure of predicted numbers, each with its interval.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "mil/evaluation/bootstrap.h"
#include "mil/evaluation/regression/judged_regression.h"

namespace microtome {

/// The measures of one set of rows, quickly for any weighting of them.
class RegressionMeasures {
 public:
  /// `judged` outlives this. O(N log N).
  explicit RegressionMeasures(const JudgedRegression& judged);
  /// mae, rmse; r2 (1 - squared errors / squared distances from the mean of the rows judged; below 0 the mean predicts better); pearson;
  /// spearman (ties share their middle rank); bias (mean of predicted - target); calibration_slope and calibration_intercept (least squares
  /// of target on predicted: 1 and 0 are ideal); ccc (Lin 1989, with variances over n). Errors, bias and intercept are in the target's
  /// unit.
  static const std::vector<std::string>& names();
  /// In the order of names(). All but mae, rmse and bias ask for 3 rows (a row of weight 2 counts twice); pearson, spearman and ccc for
  /// numbers that differ on both sides, r2 for targets, slope and intercept for predictions that do. O(N).
  std::vector<std::optional<double>> values(RowWeights weight = {}) const;

 private:
  std::vector<double> middle_ranks(const std::vector<double>& of, const std::vector<std::size_t>& order, RowWeights weight) const;
  const JudgedRegression& judged_;
  std::vector<std::size_t> by_target_, by_predicted_;  // rows, ascending
};

/// All of names() with BCa intervals over patients (within folds). What has no value says why. Cost: (resamples + patients) times values().
std::vector<Metric> measure_regression(const JudgedRegression& judged, const BootstrapSettings& settings);

/// Mean over folds of names() (where a fold has one), patients resampled inside each fold. Empty with fewer than two folds.
std::vector<Metric> measure_regression_fold_means(const JudgedRegression& judged, const BootstrapSettings& settings);

/// Two models on the same rows; difference is one minus other, both seeing the same resamples. mae, rmse, r2, pearson and spearman.
struct RegressionComparison {
  std::vector<Metric> one, other, difference;
};
/// `one` and `other` have the same rows in the same order (targets, patients). Cost: twice that of measure_regression().
RegressionComparison compare_regression(const JudgedRegression& one, const JudgedRegression& other, const BootstrapSettings& settings);

}  // namespace microtome
