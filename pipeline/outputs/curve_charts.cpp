// SPDX-License-Identifier: Apache-2.0
#include "pipeline/outputs/curve_charts.h"

#include <fmt/format.h>

#include <algorithm>

namespace microtome {
namespace {

ChartPoint at(double x, double y) { return {x, y, {}, {}}; }

}  // namespace

Range limits_of(const ReliabilityBin& bin) {
  const auto n = static_cast<double>(bin.n);
  return wilson(bin.positive_share * n, n);
}

Chart roc_chart(const std::vector<ClassCurves>& curves) {
  Chart chart{"ROC curve", "1 - specificity (false positives among the negative)", "Sensitivity (found among the positive)", 0, 1, 0, 1,
              {}};
  chart.series.push_back({"no better than chance", ChartMark::reference, {at(0, 0), at(1, 1)}});
  for (const ClassCurves& c : curves) {
    ChartSeries series{c.name, ChartMark::line, {}};
    for (const RocPoint& p : c.roc) series.points.push_back(at(p.false_positive_rate, p.true_positive_rate));
    chart.series.push_back(std::move(series));
  }
  return chart;
}

Chart precision_recall_chart(const std::vector<ClassCurves>& curves) {
  Chart chart{
      "Precision and recall", "Recall (found among the positive)", "Precision (positive among those called positive)", 0, 1, 0, 1, {}};
  if (curves.size() == 1)
    chart.series.push_back({fmt::format("no better than chance: the share of {}, {:.2f}", curves[0].name, curves[0].share),
                            ChartMark::reference,
                            {at(0, curves[0].share), at(1, curves[0].share)}});
  for (const ClassCurves& c : curves) {
    ChartSeries series{curves.size() == 1 ? c.name : fmt::format("{} (chance: {:.2f})", c.name, c.share), ChartMark::line, {}};
    double recall = 0;
    for (const PrecisionRecallPoint& p : c.precision_recall) {
      series.points.push_back(at(recall, p.precision));
      series.points.push_back(at(p.recall, p.precision));
      recall = p.recall;
    }
    chart.series.push_back(std::move(series));
  }
  return chart;
}

Chart reliability_chart(const std::vector<ClassCurves>& curves) {
  Chart chart{"Reliability", "Predicted probability", "Observed share", 0, 1, 0, 1, {}};
  chart.series.push_back({"probabilities that are what they say", ChartMark::reference, {at(0, 0), at(1, 1)}});
  for (const ClassCurves& c : curves) {
    ChartSeries series{c.name, ChartMark::points, {}};
    for (const ReliabilityBin& b : c.reliability) {
      if (b.n == 0) continue;
      const Range range = limits_of(b);
      series.points.push_back({b.mean_probability, b.positive_share, range.low, range.high});
    }
    chart.series.push_back(std::move(series));
  }
  return chart;
}

Chart decision_chart(const std::vector<ClassCurves>& curves) {
  double top = 0;
  for (const ClassCurves& c : curves) top = std::max(top, c.share);
  const double high = std::max(0.05, 1.15 * top);
  Chart chart{
      "Decision curve", "Threshold probability from which one would act", "Net benefit (true positives a case)", 0, 1, -high / 4, high, {}};
  chart.series.push_back({"act on nobody", ChartMark::reference, {at(0, 0), at(1, 0)}});
  for (const ClassCurves& c : curves) {
    ChartSeries model{c.name, ChartMark::line, {}}, all{"act on everybody as if " + c.name, ChartMark::line, {}};
    for (const NetBenefit& b : c.net_benefit) {
      model.points.push_back(at(b.threshold, b.model));
      all.points.push_back(at(b.threshold, b.act_on_all));
    }
    chart.series.push_back(std::move(model));
    if (curves.size() == 1) chart.series.push_back(std::move(all));
  }
  return chart;
}

}  // namespace microtome
