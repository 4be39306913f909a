// SPDX-License-Identifier: Apache-2.0
// evaluation.html of predicted numbers, in a pathologist's words.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "pipeline/outputs/metric_table.h"
#include "pipeline/outputs/metric_text.h"
#include "pipeline/outputs/quantity_text.h"
#include "pipeline/outputs/regression_result.h"
#include "reporting/evaluation_html.h"

namespace microtome {
namespace {

struct Wording {
  const char* name;
  const char* title;
  const char* meaning;
};

constexpr std::array kWordings = {
    Wording{"mae", "Mean absolute error", "how far a prediction is off, on average; 0 is best"},
    Wording{"rmse", "Root mean squared error", "the same, where large errors count more; 0 is best"},
    Wording{"bias", "Bias", "mean of predicted less known; above 0 predictions are too high"},
    Wording{"r2", "R squared",
            "share of the differences between cases that is explained; 0 is as good as one mean for everybody, below 0 is worse"},
    Wording{"pearson", "Pearson correlation", "-1 to 1: whether predictions rise in line with the known values; 0 is chance"},
    Wording{"spearman", "Spearman correlation", "the same of their ranks: whether the order is right"},
    Wording{"ccc", "Concordance (Lin)", "correlation, less where predictions lie off the line of equal values; 1 is best"},
    Wording{"calibration_slope", "Calibration slope", "1 is ideal; below it predictions are too far apart"},
    Wording{"calibration_intercept", "Calibration intercept", "known value where 0 is predicted; 0 is ideal with a slope of 1"},
};

PageTable metrics_table(const RegressionResult& result) {
  PageTable out{"Results", "", {"Measure", "Value", "95 % interval", "What it says", "Interval by"}, {false, true, true, false, false}, {}};
  out.note = fmt::format(
      "Intervals by BCa or percentile: patients were drawn anew {} times, by fold. Errors, bias and intercept are in the unit of {}.",
      result.settings.bootstrap, result.set.target);
  if (!result.folds.empty()) out.note += " All rows together, each judged by the model that had not seen it; folds are below.";
  for (const Wording& w : kWordings) {
    const Metric* m = find_metric(result.metrics, w.name);
    out.rows.push_back({w.title, regression_value(*m), regression_limits(*m), w.meaning,
                        m->interval.low ? short_method(m->interval.method) : m->interval.reason});
  }
  return out;
}

constexpr std::array kShort = {"mae", "bias", "r2", "pearson"};

ShortTable shown() { return short_table(kShort, kWordings, regression_with_interval); }

PageTable folds_table(const RegressionResult& result) {
  PageTable out = shown().table("Folds",
                              "The mean is that over folds; its interval comes from resampling patients inside each fold. R squared of a "
                              "fold is against the mean of that fold.",
                              {"Fold", result.set.unit + "s"});
  for (const JudgedFold& fold : result.folds)
    out.rows.push_back(shown().row({std::to_string(fold.number), std::to_string(fold.metrics.front().n)}, fold.metrics));
  out.rows.push_back(shown().row({"mean", std::to_string(result.set.judged.rows())}, result.fold_means));
  return out;
}

PageTable levels_table(const RegressionSubgroups& groups) {
  std::string note = groups.worst_level.empty() ? "" : fmt::format("The largest mean absolute error is that of {}. ", groups.worst_level);
  note += groups.gap.value ? fmt::format("Largest difference of mean absolute errors {}, {} by permuting the levels among patients.",
                                         quantity_text(*groups.gap.value), p_text(groups.gap.p, ""))
                           : fmt::format("No difference is given: {}.", groups.gap.reason);
  PageTable out = shown().table("Subgroups by " + groups.column, note, {groups.column, "patients"});
  for (const RegressionLevel& level : groups.levels) {
    out.rows.push_back(shown().row({level.name, std::to_string(level.patients)}, level.metrics));
    if (!level.suppressed.empty()) out.rows.back()[2] = level.suppressed;
  }
  return out;
}

PageTable comparison_table(const ComparedValues& compared) {
  PageTable out = comparison_of_two(fmt::format(
      "On the {} rows of {} patients that both predict; {} rows were left out. Difference is first minus second; both saw the same "
      "resamples "
      "of patients. An interval that holds 0 speaks for no difference.",
      compared.rows, compared.patients, compared.left_out));
  const RegressionComparison& c = compared.result;
  for (std::size_t k = 0; k < c.difference.size(); ++k)
    out.rows.push_back({title_of(kWordings, c.difference[k].name), regression_value(c.one[k]), regression_value(c.other[k]),
                        regression_value(c.difference[k]), regression_limits(c.difference[k])});
  return out;
}

std::string headline(const RegressionResult& result) {
  const Metric &error = *find_metric(result.metrics, "mae"), &r = *find_metric(result.metrics, "pearson");
  const std::string interval =
      error.interval.low ? fmt::format(" (95 % interval {})", regression_limits(error)) : " (no interval: " + error.interval.reason + ")";
  const std::string correlation =
      r.value ? fmt::format("Pearson correlation {}", with_interval(r)) : "no correlation: " + r.interval.reason;
  return fmt::format("Mean absolute error {}{}, on {}; {}.", regression_value(error), interval, judged_rows(result), correlation);
}

std::string known_words(const RegressionSet& set) {
  const auto [low, high] = std::minmax_element(set.judged.target.begin(), set.judged.target.end());
  return fmt::format("column {} of the labels, {:.6g} to {:.6g}", set.target, *low, *high);
}

std::vector<std::pair<std::string, std::string>> facts(const RegressionResult& result) {
  const RegressionSet& set = result.set;
  std::vector<std::pair<std::string, std::string>> out;
  for (const std::string& caution : cautions(result)) out.emplace_back("Caution", caution);
  out.emplace_back("Known values", known_words(set));
  out.emplace_back("Patients", set.patients_from);
  if (set.averaged) out.emplace_back("Predictions", fmt::format("means over the slides of each patient ({} slides)", set.predictions));
  if (set.labels_without_predictions > 0) out.emplace_back("Labels without a prediction", std::to_string(set.labels_without_predictions));
  if (set.labels_without_value > 0)
    out.emplace_back("Labels without a value", fmt::format("{}; predictions of these that were left out: {}", set.labels_without_value,
                                                           set.predictions_without_value));
  out.emplace_back("Resamples", fmt::format("{} of patients, by fold; seed {}", result.settings.bootstrap, result.settings.seed));
  return out;
}

bool all_equal(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [&](double v) { return v == values.front(); });
}

}  // namespace

std::string judged_rows(const RegressionResult& result) {
  const std::size_t rows = result.set.judged.rows();
  return result.set.unit == "patient" ? fmt::format("{} patients", rows)
                                      : fmt::format("{} slides of {} patients", rows, result.set.judged.patients());
}

std::vector<std::string> cautions(const RegressionResult& result) {
  const JudgedRegression& judged = result.set.judged;
  const Metric &r = *find_metric(result.metrics, "pearson"), &explained = *find_metric(result.metrics, "r2");
  std::vector<std::string> out;
  if (judged.rows() > 1 && all_equal(judged.predicted))
    out.push_back(fmt::format("all predictions are {:.6g}: a model that says one thing tells nobody apart", judged.predicted.front()));
  if (judged.rows() > 1 && all_equal(judged.target))
    out.push_back(fmt::format("all known values are {:.6g}: whether a model tells values apart cannot be seen", judged.target.front()));
  if (r.interval.high && *r.interval.high < 0)
    out.push_back("higher predictions go with lower known values: does a higher number mean less here?");
  if (explained.interval.high && *explained.interval.high < 0)
    out.push_back("the predictions are farther from the known values than these are from their mean: are both in one unit?");
  if (judged.patients() < kFewestPatients)
    out.push_back(fmt::format("fewer than {} patients: these numbers are little more than noise", kFewestPatients));
  return out;
}

std::string evaluation_page(const RegressionResult& result, const std::vector<CurveFigure>& figures) {
  EvaluationPage page{"Evaluation of predicted values", headline(result), facts(result), {}, {}};
  for (const CurveFigure& figure : figures) page.figures.push_back({figure.svg, figure.caption});
  page.tables = {metrics_table(result)};
  if (!result.folds.empty()) page.tables.push_back(folds_table(result));
  for (const RegressionSubgroups& groups : result.subgroups) page.tables.push_back(levels_table(groups));
  if (result.compared) page.tables.push_back(comparison_table(*result.compared));
  return evaluation_html(page);
}

}  // namespace microtome
