// SPDX-License-Identifier: Apache-2.0
#include "pipeline/commands/evaluate_regression.h"

#include <fmt/format.h>

#include "pipeline/inputs/delimited_table.h"
#include "pipeline/outputs/evaluation_files.h"
#include "pipeline/outputs/metric_text.h"
#include "pipeline/outputs/quantity_text.h"
#include "pipeline/outputs/regression_result.h"

namespace microtome {
namespace {

ComparedValues compare_values(const EvaluateSettings& settings, RegressionSet one, const BootstrapSettings& bootstrap) {
  RegressionSet other = read_regression_set(settings.compare, settings.labels, {}, settings.target);
  ComparedValues out;
  out.left_out = pair_up(one, other, settings.compare);
  out.rows = one.judged.rows();
  out.patients = static_cast<std::size_t>(one.judged.patients());
  out.result = compare_regression(one.judged, other.judged, bootstrap);  // both are resampled as the first model's folds say
  return out;
}

void add_folds(RegressionResult& result, const BootstrapSettings& bootstrap) {
  const JudgedRegression& judged = result.set.judged;
  if (judged.fold_numbers().size() < 2) return;
  result.fold_means = measure_regression_fold_means(judged, bootstrap);
  for (const int number : judged.fold_numbers())
    result.folds.push_back({number, measure_regression(judged.select(judged.rows_of_fold(number)), bootstrap)});
}

RegressionResult judge(const EvaluateSettings& settings) {
  require_regression_options(settings);
  const std::vector<std::string> columns = column_names(settings.subgroups);
  RegressionResult out;
  out.settings = settings;
  out.set = read_regression_set(settings.predictions, settings.labels, columns, settings.target);
  const BootstrapSettings bootstrap{settings.bootstrap, settings.seed, 0.95};
  if (!settings.compare.empty()) out.compared = compare_values(settings, out.set, bootstrap);
  out.metrics = measure_regression(out.set.judged, bootstrap);
  out.agreement = limits_of_agreement(out.set.judged);
  add_folds(out, bootstrap);
  for (std::size_t k = 0; k < columns.size(); ++k)
    out.subgroups.push_back(judge_regression_subgroups(out.set.judged, columns[k], out.set.levels[k], bootstrap));
  return out;
}

void tell(const RegressionResult& result, const std::filesystem::path& folder) {
  const RegressionSet& set = result.set;
  fmt::print(stderr, "{}, known values of column {}", judged_rows(result), set.target);
  if (set.averaged) fmt::print(stderr, "; predictions are means over a patient's slides");
  if (set.labels_without_predictions > 0) fmt::print(stderr, "; {} labels without a prediction left out", set.labels_without_predictions);
  if (set.labels_without_value > 0)
    fmt::print(stderr, "; {} labels without value left out, with {} predictions", set.labels_without_value, set.predictions_without_value);
  fmt::print(stderr, "\n");
  for (const std::string& caution : cautions(result)) fmt::print(stderr, "caution: {}\n", caution);
  fmt::print(stderr, "{}: mean absolute error {}, Pearson correlation {}\n", folder.string(),
             regression_with_interval(*find_metric(result.metrics, "mae")),
             regression_with_interval(*find_metric(result.metrics, "pearson")));
}

}  // namespace

void require_regression_options(const EvaluateSettings& settings) {
  for (const auto& [name, given] :
       {std::pair("positive", !settings.positive.empty()), std::pair("threshold", settings.threshold != "auto")})
    if (given) throw ConfigError(fmt::format("--evaluate.{}: wanted predictions of two classes, got values: leave it out", name));
  for (const auto& [name, given] :
       {std::pair("censorship", !settings.censorship.empty()), std::pair("risk_cut", settings.risk_cut != "auto"),
        std::pair("tau", settings.tau != "auto"), std::pair("horizon", settings.horizon != "auto")})
    if (given) throw ConfigError(fmt::format("--evaluate.{}: wanted predictions with a column risk, got values: leave it out", name));
}

void evaluate_regression(const EvaluateSettings& settings) {
  const RegressionResult result = judge(settings);
  const auto figures = curve_figures(result);
  publish_evaluation(settings.output, curve_tables(result), figures, evaluation_page(result, figures), metrics_json(result));
  tell(result, settings.output);
}

}  // namespace microtome
