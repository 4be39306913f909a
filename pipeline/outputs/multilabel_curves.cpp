// SPDX-License-Identifier: Apache-2.0
// Curves of labels that are each true or not: one a label.
#include <fmt/format.h>

#include "pipeline/outputs/curve_charts.h"
#include "pipeline/outputs/metric_text.h"
#include "pipeline/outputs/multilabel_result.h"

namespace microtome {
namespace {

std::string summary(const MultilabelResult& result, const char* name) {
  const Metric* metric = find_metric(result.metrics, name);
  return with_interval(*metric) + (metric->interval.low ? "; interval 95 %" : "");
}

}  // namespace

std::vector<ClassCurves> label_curves(const MultilabelResult& result) {
  std::vector<ClassCurves> out;
  for (const JudgedLabel& label : result.labels) {
    if (!label.why_not.empty()) continue;
    out.push_back(class_curves(label.result.set.judged).front());
    out.back().name = label.name;
  }
  return out;
}

std::vector<CurveFigure> curve_figures(const MultilabelResult& result, const std::vector<ClassCurves>& curves) {
  return {
      {"roc.svg", chart_svg(roc_chart(curves)),
       fmt::format("Area under the curve, mean over labels: {}. The nearer a curve comes to the upper left corner, the better the model "
                   "tells cases with the label from those without.",
                   summary(result, "macro_auc"))},
      {"pr.svg", chart_svg(precision_recall_chart(curves)),
       fmt::format("Average precision, mean over labels: {}. Says more than the ROC curve where a label is rare; by chance it is the "
                   "label's share.",
                   summary(result, "macro_auprc"))},
      {"reliability.svg", chart_svg(reliability_chart(curves)),
       fmt::format("Expected calibration error, mean over labels: {}. A point below the line: the probability was too high; above it, "
                   "too low. Bars are 95 % intervals (Wilson); long bars are bins with few {}s.",
                   summary(result, "macro_ece"), result.set.unit)},
      {"decision_curve.svg", chart_svg(decision_chart(curves)),
       "A label's probability is worth acting on at thresholds where its curve lies above acting on nobody, and above acting on "
       "everybody, which decision_curve.csv has for each label. Drawn without intervals."}};
}

}  // namespace microtome
