// SPDX-License-Identifier: Apache-2.0
// What `evaluate` found of predicted numbers, and the files it becomes. Nothing here holds an id, a path or a name of a patient once
// written.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mil/evaluation/regression/agreement.h"
#include "mil/evaluation/regression/regression_measures.h"
#include "mil/evaluation/regression/regression_subgroups.h"
#include "pipeline/inputs/regression_set.h"
#include "pipeline/outputs/evaluation_result.h"

namespace microtome {

struct ComparedValues {
  RegressionComparison result;
  std::size_t rows = 0, patients = 0, left_out = 0;
};

struct RegressionResult {
  RegressionSet set;
  std::vector<Metric> metrics;     // all rows together
  std::vector<Metric> fold_means;  // empty without folds
  std::vector<JudgedFold> folds;
  std::vector<RegressionSubgroups> subgroups;
  std::optional<ComparedValues> compared;
  std::optional<LimitsOfAgreement> agreement;  // nothing with fewer than 3 rows
  EvaluateSettings settings;
};

/// "200 patients", or "250 slides of 200 patients".
std::string judged_rows(const RegressionResult& result);

/// Sentences that a reader must not miss: predictions that are all the same, go the wrong way or seem to be in another unit, few patients.
std::vector<std::string> cautions(const RegressionResult& result);

/// metrics.json: the contract's shape, keys in fixed order, shortest round-trip numbers, null with a reason instead of NaN.
std::string metrics_json(const RegressionResult& result);

/// scatter.csv and bland_altman.csv: one row a point, in the order of the numbers, so that it does not tell whose it is.
std::vector<NamedText> curve_tables(const RegressionResult& result);

/// The same as SVG; captions say how to read them. Of thousands of points an even choice is drawn.
std::vector<CurveFigure> curve_figures(const RegressionResult& result);

/// evaluation.html.
std::string evaluation_page(const RegressionResult& result, const std::vector<CurveFigure>& figures);

}  // namespace microtome
