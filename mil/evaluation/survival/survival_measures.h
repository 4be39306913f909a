// SPDX-License-Identifier: Apache-2.0
// Every measure of predicted survival, each with its interval.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mil/evaluation/bootstrap.h"
#include "mil/evaluation/survival/auc_over_time.h"
#include "mil/evaluation/survival/concordance.h"
#include "mil/evaluation/survival/judged_survival.h"

namespace microtome {

/// The months at which survival is judged, chosen once so that folds, subgroups and models are judged at the same ones.
struct SurvivalTimes {
  double tau = 0;                 // Uno's c: of events before it
  std::vector<double> auc;        // ascending
  std::vector<double> brier;      // those of the predicted curves that lie within the follow-up
  std::optional<double> horizon;  // of calibration; none without curves
};

/// tau: the 80th percentile of the times of events, unless given: later weights explode. AUC: twenty months evenly from the 10th percentile
/// to tau. Horizon: the last month of the curves that does not lie beyond tau, or else their first, unless given. Asks for an event.
SurvivalTimes choose_times(const JudgedSurvival& judged, std::optional<double> tau, std::optional<double> horizon);

/// The measures that are resampled: c_harrell, c_uno, auc_t (mean over times), ibs (integrated Brier score of the curves) and
/// ibs_kaplan_meier (of everybody's own Kaplan-Meier curve: what a model has to beat).
class SurvivalMeasures {
 public:
  /// `judged` outlives this. `reference`: the patients that the censoring curve comes from, as those of a fold's training; without it the
  /// judged ones, weighted as they are.
  SurvivalMeasures(const JudgedSurvival& judged, const SurvivalTimes& times, const FollowUp* reference = nullptr);
  static const std::vector<std::string>& names();
  /// In the order of names(). O(N (log N + times)).
  std::vector<std::optional<double>> values(RowWeights weight = {}) const;
  /// (times) AUC at each, and Brier score of the model and of the Kaplan-Meier curve at each.
  std::vector<std::optional<double>> areas(RowWeights weight = {}) const;
  std::vector<std::optional<double>> brier() const;
  std::vector<std::optional<double>> brier_kaplan_meier() const;

 private:
  CensoringCurve censoring(const std::vector<TimeCount>& counts) const;
  const JudgedSurvival& judged_;
  SurvivalTimes times_;
  TimeTable table_;
  RankedRisks ranks_;
  RisksOverTime over_time_;
  SurvivalCurves curves_;  // at times_.brier
  std::optional<CensoringCurve> reference_;
};

/// All of names() with BCa intervals over patients (within folds), then logrank_p and hazard_ratio (Cox, Efron, Wald) of high against low
/// risk, hazard_ratio_per_sd of the risk itself, calibration_error at the horizon and d_calibration_p. What has no value says why.
/// Cost: (resamples + patients) times values().
std::vector<Metric> measure_survival(const JudgedSurvival& judged, const SurvivalTimes& times, const BootstrapSettings& settings,
                                     const FollowUp* reference = nullptr);

/// Mean over folds of names(), each fold's censoring curve from the other folds, patients resampled inside each fold. Empty with fewer than
/// two folds.
std::vector<Metric> measure_survival_fold_means(const JudgedSurvival& judged, const SurvivalTimes& times,
                                                const BootstrapSettings& settings);

/// Two models on the same patients; difference is one minus other, both seeing the same resamples. Metrics of names() but for
/// ibs_kaplan_meier.
struct SurvivalComparison {
  std::vector<Metric> one, other, difference;
};
SurvivalComparison compare_survival(const JudgedSurvival& one, const JudgedSurvival& other, const SurvivalTimes& times,
                                    const BootstrapSettings& settings);

/// AUC at each of times.auc with BCa intervals at each time; names are empty. Cost: (resamples + patients) times N T.
std::vector<Metric> areas_with_intervals(const JudgedSurvival& judged, const SurvivalTimes& times, const BootstrapSettings& settings);

/// How many groups calibration at the horizon is judged in: about 50 patients each, 3 to 10.
int calibration_groups(std::size_t patients);
/// Survival at the horizon as predicted (N); empty without horizon.
std::vector<double> predicted_at(const JudgedSurvival& judged, std::optional<double> horizon);

}  // namespace microtome
