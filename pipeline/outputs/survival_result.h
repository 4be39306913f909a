// SPDX-License-Identifier: Apache-2.0
// What `evaluate` found of risks, and the files it becomes. Nothing here holds an id, a path or a name of a patient once written.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mil/evaluation/survival/kaplan_meier.h"
#include "mil/evaluation/survival/ladder.h"
#include "mil/evaluation/survival/log_rank.h"
#include "mil/evaluation/survival/survival_calibration.h"
#include "mil/evaluation/survival/survival_measures.h"
#include "mil/evaluation/survival/survival_subgroups.h"
#include "pipeline/inputs/survival_set.h"
#include "pipeline/outputs/evaluation_result.h"

namespace microtome {

struct ComparedRisks {
  SurvivalComparison result;
  SurvivalTimes times;
  std::size_t patients = 0, left_out = 0;
  std::int64_t events = 0;
};

/// Patients of low or of high risk.
struct RiskGroup {
  std::string name;
  std::int64_t n = 0, events = 0;
  std::vector<SurvivalStep> curve;
  MedianTime median;
};

/// What is drawn over time.
struct SurvivalOverTime {
  std::vector<RiskGroup> groups;                                 // low, high
  std::vector<Metric> areas;                                     // one a time of SurvivalTimes::auc
  std::vector<std::optional<double>> brier, brier_kaplan_meier;  // one a time of SurvivalTimes::brier
  std::vector<HorizonGroup> calibration;                         // empty without curves
};
SurvivalOverTime survival_over_time(const JudgedSurvival& judged, const SurvivalTimes& times, const BootstrapSettings& settings);

struct SurvivalResult {
  SurvivalSet set;  // with risk groups
  RiskCut cut;
  SurvivalTimes times;
  std::vector<Metric> metrics;     // everybody together
  std::vector<Metric> fold_means;  // empty without folds
  std::vector<JudgedFold> folds;
  std::vector<JudgedRung> ladder;  // the model and simpler ones; empty where the predictions have none of these
  std::vector<SurvivalSubgroups> subgroups;
  std::optional<ComparedRisks> compared;
  SurvivalOverTime over_time;
  std::optional<double> median_follow_up;  // by the reversed Kaplan-Meier curve
  double longest_follow_up = 0;
  EvaluateSettings settings;
};

/// Sentences that a reader must not miss: times that look like days, risks that go against what happened, very few events.
std::vector<std::string> cautions(const SurvivalResult& result);

/// metrics.json: the contract's shape, keys in fixed order, shortest round-trip numbers, null with a reason instead of NaN.
std::string metrics_json(const SurvivalResult& result);

/// kaplan_meier.csv, auc_over_time.csv and, where curves were predicted, brier.csv and calibration.csv.
std::vector<NamedText> curve_tables(const SurvivalResult& result);

/// The same as SVG; captions say how to read them.
std::vector<CurveFigure> curve_figures(const SurvivalResult& result);

/// evaluation.html.
std::string evaluation_page(const SurvivalResult& result, const std::vector<CurveFigure>& figures);

}  // namespace microtome
