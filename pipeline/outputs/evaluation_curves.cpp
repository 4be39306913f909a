// SPDX-License-Identifier: Apache-2.0
// Curves as CSV and SVG.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "pipeline/inputs/delimited_table.h"
#include "pipeline/outputs/curve_charts.h"
#include "pipeline/outputs/evaluation_result.h"
#include "pipeline/outputs/metric_text.h"
#include "reporting/line_chart.h"
#include "reporting/number_text.h"

namespace microtome {
namespace {

ClassCurves curves_of(const Judged& judged, int of_class) {
  const auto counts = RankedScores(judged.column(of_class), judged.is_class(of_class)).count();
  const auto rows = std::count(judged.label.begin(), judged.label.end(), of_class);
  return {judged.classes[static_cast<std::size_t>(of_class)],
          roc_curve(counts),
          precision_recall_curve(counts),
          reliability(counts),
          decision_curve(counts),
          static_cast<double>(rows) / static_cast<double>(judged.rows())};
}

/// An infinite number is an empty cell.
std::string csv_row(const std::string& first, std::initializer_list<double> numbers) {
  std::string out = csv_cell(first);
  for (const double number : numbers) {
    out += ",";
    if (std::isfinite(number)) append_number(out, number);
  }
  return out + "\n";
}

std::string roc_table(const std::vector<ClassCurves>& curves, const std::string& first) {
  std::string out = first + ",threshold,false_positive_rate,true_positive_rate\n";
  for (const ClassCurves& c : curves)
    for (const RocPoint& p : c.roc) out += csv_row(c.name, {p.threshold, p.false_positive_rate, p.true_positive_rate});
  return out;
}

std::string precision_recall_table(const std::vector<ClassCurves>& curves, const std::string& first) {
  std::string out = first + ",threshold,recall,precision\n";
  for (const ClassCurves& c : curves)
    for (const PrecisionRecallPoint& p : c.precision_recall) out += csv_row(c.name, {p.threshold, p.recall, p.precision});
  return out;
}

std::string reliability_table(const std::vector<ClassCurves>& curves, const std::string& first) {
  std::string out = first + ",from,to,n,mean_probability,share,share_low,share_high\n";
  for (const ClassCurves& c : curves)
    for (const ReliabilityBin& b : c.reliability) {
      if (b.n == 0) continue;
      const Range range = limits_of(b);
      out += csv_row(c.name, {b.from, b.to, static_cast<double>(b.n), b.mean_probability, b.positive_share, range.low, range.high});
    }
  return out;
}

std::string decision_curve_table(const std::vector<ClassCurves>& curves, const std::string& first) {
  std::string out = first + ",threshold,model,act_on_all,act_on_none\n";
  for (const ClassCurves& c : curves)
    for (const NetBenefit& b : c.net_benefit) out += csv_row(c.name, {b.threshold, b.model, b.act_on_all, 0});
  return out;
}

std::string summary(const EvaluationResult& result, const char* name) {
  const Metric* metric = find_metric(result.metrics, name);
  if (!metric) return "-";
  return with_interval(*metric) + (metric->interval.low ? "; interval 95 %" : "");
}

/// Where the decisions lie that were judged.
std::optional<ChartSeries> decided_point(const EvaluationResult& result) {
  if (!result.set.judged.binary()) return std::nullopt;
  const Metric *sensitivity = find_metric(result.metrics, "sensitivity"), *specificity = find_metric(result.metrics, "specificity");
  if (!sensitivity->value || !specificity->value) return std::nullopt;
  return ChartSeries{"the decisions that were judged",
                     ChartMark::points,
                     {{1 - *specificity->value, *sensitivity->value, sensitivity->interval.low, sensitivity->interval.high}}};
}

CurveFigure roc_figure(const EvaluationResult& result, const std::vector<ClassCurves>& curves) {
  Chart chart = roc_chart(curves);
  if (auto point = decided_point(result)) chart.series.push_back(std::move(*point));
  return {"roc.svg", chart_svg(chart),
          fmt::format(
              "Area under the curve {}. The nearer the curve comes to the upper left corner, the better the model tells the classes apart.",
              summary(result, "auc"))};
}

CurveFigure precision_recall_figure(const EvaluationResult& result, const std::vector<ClassCurves>& curves) {
  return {"pr.svg", chart_svg(precision_recall_chart(curves)),
          fmt::format("Average precision {}. Says more than the ROC curve where positive cases are rare.", summary(result, "auprc"))};
}

CurveFigure reliability_figure(const EvaluationResult& result, const std::vector<ClassCurves>& curves) {
  return {
      "reliability.svg", chart_svg(reliability_chart(curves)),
      fmt::format("Expected calibration error{} {}. A point below the line: the probability was too high; above it, too low. Bars are 95 "
                  "% intervals (Wilson); long "
                  "bars are bins with few {}s.",
                  curves.size() == 1 ? "" : " of the most probable class", summary(result, "ece"), result.set.unit)};
}

CurveFigure decision_figure(const std::vector<ClassCurves>& curves) {
  return {"decision_curve.svg", chart_svg(decision_chart(curves)),
          "The model is worth using at thresholds where its curve lies above both acting on everybody and acting on nobody. Drawn without "
          "intervals."};
}

}  // namespace

std::vector<ClassCurves> class_curves(const Judged& judged) {
  std::vector<ClassCurves> out;
  if (judged.binary()) return {curves_of(judged, judged.positive)};
  for (int c = 0; c < static_cast<int>(judged.classes.size()); ++c) out.push_back(curves_of(judged, c));
  return out;
}

std::vector<NamedText> curve_tables(const std::vector<ClassCurves>& curves, const std::string& first) {
  return {{"roc.csv", roc_table(curves, first)},
          {"pr.csv", precision_recall_table(curves, first)},
          {"reliability.csv", reliability_table(curves, first)},
          {"decision_curve.csv", decision_curve_table(curves, first)}};
}

std::vector<CurveFigure> curve_figures(const EvaluationResult& result, const std::vector<ClassCurves>& curves) {
  return {roc_figure(result, curves), precision_recall_figure(result, curves), reliability_figure(result, curves), decision_figure(curves)};
}

}  // namespace microtome
