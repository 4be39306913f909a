// SPDX-License-Identifier: Apache-2.0
// Survival over time as CSV and SVG.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "pipeline/outputs/metric_text.h"
#include "pipeline/outputs/survival_ladder.h"
#include "pipeline/outputs/survival_result.h"
#include "reporting/line_chart.h"
#include "reporting/number_text.h"

namespace microtome {
namespace {

constexpr double kMostTicks = 8;

/// What does not exist is an empty cell.
std::string cell(std::optional<double> number) {
  std::string out;
  if (number) append_number(out, *number);
  return out;
}
std::string cell(std::int64_t count) { return std::to_string(count); }

template <class... Cells>
std::string csv_row(Cells... cells) {
  return fmt::format("{}\n", fmt::join(std::vector<std::string>{cell(cells)...}, ","));
}

std::string kaplan_meier_table(const SurvivalOverTime& over) {
  std::string out = "group,months,at_risk,events,censored,survival,low,high\n";
  for (const RiskGroup& group : over.groups) {
    out += fmt::format("{},0,{},0,0,1,,\n", group.name, group.n);
    for (const SurvivalStep& s : group.curve)
      out += group.name + "," +
             csv_row(std::optional(s.count.months), s.count.at_risk, s.count.events, s.count.censored, std::optional(s.survival), s.low,
                     s.high);
  }
  return out;
}

std::string auc_table(const SurvivalResult& result) {
  std::string out = "months,auc,low,high\n";
  for (std::size_t k = 0; k < result.times.auc.size(); ++k) {
    const Metric& m = result.over_time.areas[k];
    out += csv_row(std::optional(result.times.auc[k]), m.value, m.interval.low, m.interval.high);
  }
  return out;
}

std::string brier_table(const SurvivalResult& result) {
  std::string out = "months,model,kaplan_meier\n";
  for (std::size_t k = 0; k < result.times.brier.size(); ++k)
    out += csv_row(std::optional(result.times.brier[k]), result.over_time.brier[k], result.over_time.brier_kaplan_meier[k]);
  return out;
}

std::string calibration_table(const SurvivalResult& result) {
  std::string out = "group,n,events,predicted,observed,low,high\n";
  std::int64_t number = 0;
  for (const HorizonGroup& g : result.over_time.calibration)
    out += csv_row(++number, g.n, g.events, std::optional(g.predicted), g.observed, g.low, g.high);
  return out;
}

/// Between ticks: a number of months that people count in.
double month_step(double months) {
  for (const double step : {1.0, 2.0, 3.0, 6.0, 12.0, 24.0, 36.0, 60.0})
    if (months / step <= kMostTicks) return step;
  return 120 * std::ceil(months / kMostTicks / 120);
}

ChartPoint at(double x, double y) { return {x, y, {}, {}}; }

/// The stairs of a curve, with limits where they are, and a stroke where patients were censored.
ChartSeries stairs(const RiskGroup& group) {
  ChartSeries out{group.name, ChartMark::line, {{0, 1, 1, 1}}};
  for (const SurvivalStep& s : group.curve) {
    ChartPoint before = out.points.back();
    before.x = s.count.months;
    out.points.push_back(before);
    const bool known = s.low && s.high;
    if (s.count.events > 0) out.points.push_back({s.count.months, s.survival, known ? s.low : before.low, known ? s.high : before.high});
    if (s.count.events > 0 && s.survival == 0) out.points.back() = at(s.count.months, 0);
    if (s.count.censored > 0) out.strokes.push_back(at(s.count.months, s.survival));
  }
  return out;
}

std::vector<std::int64_t> at_ticks(const RiskGroup& group, const std::vector<double>& ticks) {
  std::vector<TimeCount> counts;
  for (const SurvivalStep& s : group.curve) counts.push_back(s.count);
  std::vector<std::int64_t> out;
  for (const double t : ticks) out.push_back(at_risk(counts, t));
  return out;
}

std::string median_words(const SurvivalOverTime& over) {
  std::vector<std::string> out;
  for (const RiskGroup& group : over.groups)
    if (group.n > 0)
      out.push_back(group.median.months ? fmt::format("{:.3g} months with {}", *group.median.months, group.name)
                                        : fmt::format("not reached with {}", group.name));
  return fmt::format("Median: {}.", fmt::join(out, ", "));
}

CurveFigure kaplan_meier_figure(const SurvivalResult& result) {
  const double months = result.longest_follow_up;
  Chart chart{"Survival by predicted risk", "Months", "Share without event (Kaplan-Meier)", 0, months, 0, 1, {}, month_step(months)};
  chart.counts.heading = "Patients still followed";
  for (const RiskGroup& group : result.over_time.groups) {
    if (group.n == 0) continue;
    chart.series.push_back(stairs(group));
    chart.counts.rows.push_back({group.name, at_ticks(group, chart_x_ticks(chart))});
  }
  const Metric *rank = find_metric(result.metrics, "logrank_p"), *ratio = find_metric(result.metrics, "hazard_ratio");
  return {
      "kaplan_meier.svg", chart_svg(chart),
      fmt::format("Log-rank test {}. Hazard ratio of high against low risk {}. {} Bands are 95 % intervals at each time (log-log); strokes "
                  "are patients whose follow-up ended there.",
                  p_text(rank->value, rank->interval.reason),
                  ratio->value ? with_interval(*ratio) : "does not exist: " + ratio->interval.reason, median_words(result.over_time))};
}

CurveFigure auc_figure(const SurvivalResult& result) {
  const auto& months = result.times.auc;
  const double high = std::max(months.back() * 1.05, 1.0);
  double low = 0.4;
  ChartSeries area{"AUC at each month", months.size() == 1 ? ChartMark::points : ChartMark::line, {}};
  for (std::size_t k = 0; k < months.size(); ++k) {
    const Metric& m = result.over_time.areas[k];
    if (!m.value) continue;
    area.points.push_back({months[k], *m.value, m.interval.low, m.interval.high});
    low = std::min(low, std::floor(m.interval.low.value_or(*m.value) * 10) / 10);
  }
  Chart chart{"Time-dependent AUC", "Months", "AUC of events up to the month", 0, high, low, 1, {}, month_step(high)};
  chart.series.push_back({"no better than chance", ChartMark::reference, {at(0, 0.5), at(high, 0.5)}});
  chart.series.push_back(std::move(area));
  const Metric* mean = find_metric(result.metrics, "auc_t");
  return {
      "auc_over_time.svg", chart_svg(chart),
      fmt::format("At each month: how often a patient with an event by then was given a higher risk than one still without. Mean over time "
                  "{}. The band is a 95 % interval at each time.",
                  mean->value ? with_interval(*mean) : "does not exist: " + mean->interval.reason)};
}

CurveFigure brier_figure(const SurvivalResult& result) {
  const auto& months = result.times.brier;
  const double high = std::max(months.back() * 1.05, 1.0);
  const ChartMark mark = months.size() == 1 ? ChartMark::points : ChartMark::line;
  ChartSeries model{"the model's curves", mark, {}}, everybody{"one Kaplan-Meier curve for everybody", mark, {}};
  double top = 0.3;
  for (std::size_t k = 0; k < months.size(); ++k) {
    if (const auto& b = result.over_time.brier[k]) model.points.push_back(at(months[k], *b));
    if (const auto& b = result.over_time.brier_kaplan_meier[k]) everybody.points.push_back(at(months[k], *b));
    top = std::max(top, 1.1 * result.over_time.brier[k].value_or(0));
  }
  Chart chart{"Brier score over time", "Months", "Mean squared error of predicted survival", 0, high, 0, top, {}, month_step(high)};
  chart.series = {{"one half for everybody", ChartMark::reference, {at(0, 0.25), at(high, 0.25)}}, std::move(model), std::move(everybody)};
  const Metric *ibs = find_metric(result.metrics, "ibs"), *plain = find_metric(result.metrics, "ibs_kaplan_meier");
  return {
      "brier.svg", chart_svg(chart),
      fmt::format("Lower is better; the model is of use where it lies below the curve that knows no patient. Over all months: {}, against "
                  "{}. Weighted for patients whose follow-up ended early.",
                  ibs->value ? with_interval(*ibs) : "none (" + ibs->interval.reason + ")", with_interval(*plain))};
}

CurveFigure calibration_figure(const SurvivalResult& result) {
  Chart chart{fmt::format("Calibration at {:.4g} months", *result.times.horizon),
              "Predicted share without event",
              "Observed share (Kaplan-Meier)",
              0,
              1,
              0,
              1,
              {}};
  chart.series.push_back({"probabilities that are what they say", ChartMark::reference, {at(0, 0), at(1, 1)}});
  ChartSeries groups{"patients with similar predictions", ChartMark::points, {}};
  for (const HorizonGroup& g : result.over_time.calibration)
    if (g.observed) groups.points.push_back({g.predicted, *g.observed, g.low, g.high});
  chart.series.push_back(std::move(groups));
  const Metric *error = find_metric(result.metrics, "calibration_error"), *d = find_metric(result.metrics, "d_calibration_p");
  return {"calibration.svg", chart_svg(chart),
          fmt::format("A point below the line: patients fared worse than predicted; above it, better. Mean distance {}. Bars are 95 % "
                      "intervals (log-log). Of the whole curves (D-calibration): {}; a small p speaks against them.",
                      error->value ? fmt::format("{:.3f}", *error->value) : "does not exist: " + error->interval.reason,
                      p_text(d->value, d->interval.reason))};
}

RiskGroup group_of(const JudgedSurvival& judged, bool high) {
  std::vector<std::size_t> rows;
  for (std::size_t r = 0; r < judged.rows(); ++r)
    if ((judged.high_risk[r] != 0) == high) rows.push_back(r);
  const FollowUp own = judged.follow_up.select(rows);
  RiskGroup out{
      high ? "high risk" : "low risk", static_cast<std::int64_t>(own.size()), own.events(), kaplan_meier(TimeTable(own).count()), {}};
  out.median = median_time(out.curve);
  return out;
}

}  // namespace

SurvivalOverTime survival_over_time(const JudgedSurvival& judged, const SurvivalTimes& times, const BootstrapSettings& settings) {
  SurvivalOverTime out;
  out.groups = {group_of(judged, false), group_of(judged, true)};
  out.areas = areas_with_intervals(judged, times, settings);
  const SurvivalMeasures measures(judged, times);
  out.brier = measures.brier();
  out.brier_kaplan_meier = measures.brier_kaplan_meier();
  if (times.horizon)
    out.calibration =
        calibration_at(predicted_at(judged, times.horizon), judged.follow_up, *times.horizon, calibration_groups(judged.rows()));
  return out;
}

std::vector<NamedText> curve_tables(const SurvivalResult& result) {
  std::vector<NamedText> out = {{"kaplan_meier.csv", kaplan_meier_table(result.over_time)}, {"auc_over_time.csv", auc_table(result)}};
  if (!result.times.brier.empty()) out.push_back({"brier.csv", brier_table(result)});
  if (result.times.horizon) out.push_back({"calibration.csv", calibration_table(result)});
  return out;
}

std::vector<CurveFigure> curve_figures(const SurvivalResult& result) {
  std::vector<CurveFigure> out = {kaplan_meier_figure(result)};
  if (!result.times.auc.empty()) out.push_back(auc_figure(result));
  if (!result.times.brier.empty()) out.push_back(brier_figure(result));
  if (result.times.horizon) out.push_back(calibration_figure(result));
  if (!result.ladder.empty()) out.push_back(ladder_figure(result));
  return out;
}

}  // namespace microtome
