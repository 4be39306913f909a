// SPDX-License-Identifier: Apache-2.0
// What `evaluate` found of labels that are each true or not, and the files it becomes. Nothing here holds an id, a path or a name of a
// patient once written.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mil/evaluation/multilabel/multilabel_measures.h"
#include "pipeline/inputs/multilabel_set.h"
#include "pipeline/outputs/evaluation_result.h"

namespace microtome {

/// One label, judged as two classes over the rows that have its answer.
struct JudgedLabel {
  std::string name;
  std::string why_not;      // why it is not judged, and measures have no value; "" otherwise
  EvaluationResult result;  // with `compared` where both models can be judged
  std::string why_not_compared;
};

/// All labels together, of two models.
struct ComparedLabels {
  MultilabelComparison result;
  std::size_t rows = 0, patients = 0, left_out = 0;
};

struct MultilabelResult {
  MultilabelSet set;               // with decisions
  std::vector<Metric> metrics;     // over all labels, all rows together
  std::vector<Metric> fold_means;  // empty without folds
  std::vector<JudgedFold> folds;
  std::vector<JudgedLabel> labels;  // in the order of the predictions' columns
  std::optional<ComparedLabels> compared;
  EvaluateSettings settings;
};

/// metrics.json: the contract's shape, keys in fixed order, shortest round-trip numbers, null with a reason instead of NaN.
std::string metrics_json(const MultilabelResult& result);

/// Of each label that is judged, named by it. curve_tables() of evaluation_result.h writes them.
std::vector<ClassCurves> label_curves(const MultilabelResult& result);

/// roc.svg, pr.svg, reliability.svg, decision_curve.svg, a curve a label; captions say how to read them.
std::vector<CurveFigure> curve_figures(const MultilabelResult& result, const std::vector<ClassCurves>& curves);

/// evaluation.html.
std::string evaluation_page(const MultilabelResult& result, const std::vector<CurveFigure>& figures);

}  // namespace microtome
