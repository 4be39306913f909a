// SPDX-License-Identifier: Apache-2.0
// What `evaluate` found, and the files it becomes. Nothing here holds an id, a path or a name of a patient once written.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mil/evaluation/calibration.h"
#include "mil/evaluation/comparison.h"
#include "mil/evaluation/decision_curve.h"
#include "mil/evaluation/decisions.h"
#include "mil/evaluation/roc.h"
#include "mil/evaluation/subgroups.h"
#include "pipeline/config.h"
#include "pipeline/inputs/evaluation_set.h"

namespace microtome {

struct JudgedFold {
  int number = 0;
  std::vector<Metric> metrics;
};

struct ComparedModels {
  Comparison result;
  DecisionRule one_rule, other_rule;  // on the rows in both
  std::size_t rows = 0, patients = 0, left_out = 0;
};

struct EvaluationResult {
  EvaluationSet set;  // with decisions
  DecisionRule rule;
  std::vector<Metric> metrics;     // all rows together
  std::vector<Metric> fold_means;  // empty without folds
  std::vector<JudgedFold> folds;
  std::vector<Subgroups> subgroups;
  std::optional<ComparedModels> compared;
  EvaluateSettings settings;
};

/// metrics.json: the contract's shape, keys in fixed order, shortest round-trip numbers, null with a reason instead of NaN.
std::string metrics_json(const EvaluationResult& result);
/// Of it decisions, classification and, where there are any, fold_means, per_fold, subgroups and comparison: an object of its own, as text.
std::string judged_classes_text(const EvaluationResult& result);

/// Curves of the positive class, or of each of several classes against the rest.
struct ClassCurves {
  std::string name;
  std::vector<RocPoint> roc;
  std::vector<PrecisionRecallPoint> precision_recall;
  std::vector<ReliabilityBin> reliability;
  std::vector<NetBenefit> net_benefit;
  double share = 0;  // of rows of the class
};
std::vector<ClassCurves> class_curves(const Judged& judged);

struct NamedText {
  std::string name, text;
};
/// roc.csv, pr.csv, reliability.csv, decision_curve.csv. `first`: what their first column, the name of a curve, is called.
std::vector<NamedText> curve_tables(const std::vector<ClassCurves>& curves, const std::string& first = "class");

/// roc.svg, pr.svg, reliability.svg, decision_curve.svg; captions say how to read them.
struct CurveFigure {
  std::string name, svg, caption;
};
std::vector<CurveFigure> curve_figures(const EvaluationResult& result, const std::vector<ClassCurves>& curves);

/// evaluation.html.
std::string evaluation_page(const EvaluationResult& result, const std::vector<CurveFigure>& figures);

}  // namespace microtome
