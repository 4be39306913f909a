// SPDX-License-Identifier: Apache-2.0
// Predicted and known numbers, point by point, as CSV and SVG.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "pipeline/outputs/metric_text.h"
#include "pipeline/outputs/quantity_text.h"
#include "pipeline/outputs/regression_result.h"
#include "reporting/line_chart.h"
#include "reporting/number_text.h"

namespace microtome {
namespace {

constexpr std::size_t kMostDrawn = 1500;

using Pairs = std::vector<std::pair<double, double>>;

ChartPoint at(double x, double y) { return {x, y, {}, {}}; }

/// Known and predicted, in their order: the order of the file would tell which row is whose.
Pairs known_and_predicted(const JudgedRegression& judged) {
  Pairs out;
  for (std::size_t r = 0; r < judged.rows(); ++r) out.emplace_back(judged.target[r], judged.predicted[r]);
  std::sort(out.begin(), out.end());
  return out;
}

/// Mean of the two, and predicted less known.
Pairs means_and_differences(const JudgedRegression& judged) {
  Pairs out;
  for (std::size_t r = 0; r < judged.rows(); ++r)
    out.emplace_back((judged.target[r] + judged.predicted[r]) / 2, judged.predicted[r] - judged.target[r]);
  std::sort(out.begin(), out.end());
  return out;
}

std::string table(std::string header, const Pairs& pairs) {
  for (const auto& [first, second] : pairs) {
    append_number(header, first);
    header += ",";
    append_number(header, second);
    header += "\n";
  }
  return header;
}

/// An even choice of at most kMostDrawn, small where there are many.
ChartSeries cloud(const std::string& name, const Pairs& pairs) {
  ChartSeries out{name, ChartMark::points, {}};
  const std::size_t drawn = std::min(pairs.size(), kMostDrawn);
  for (std::size_t i = 0; i < drawn; ++i) {
    const auto& [x, y] = pairs[i * pairs.size() / drawn];
    out.points.push_back(at(x, y));
  }
  out.radius = drawn > 500 ? 2 : drawn > 100 ? 2.6 : 3.5;
  return out;
}

std::string drawn_words(std::size_t rows, const std::string& unit) {
  return rows > kMostDrawn ? fmt::format(" {} of the {} {}s are drawn.", kMostDrawn, rows, unit) : "";
}

/// With room around; never empty, nor so narrow that ticks of so large numbers are one number.
Range padded(double low, double high) {
  const double size = std::max(std::abs(low), std::abs(high));
  const double room = high > low ? std::max(0.05 * (high - low), 1e-9 * size) : std::max(0.5, 0.1 * size);
  return {low - room, high + room};
}

std::string reason_or_value(const Metric& m) {
  return m.value ? regression_with_interval(m) : "does not exist (" + m.interval.reason + ")";
}

CurveFigure scatter_figure(const RegressionResult& result) {
  const JudgedRegression& judged = result.set.judged;
  const auto [low_known, high_known] = std::minmax_element(judged.target.begin(), judged.target.end());
  const auto [low_said, high_said] = std::minmax_element(judged.predicted.begin(), judged.predicted.end());
  const Range range = padded(std::min(*low_known, *low_said), std::max(*high_known, *high_said));
  Chart chart{"Predicted and known values", "Known: " + result.set.target, "Predicted", range.low, range.high, range.low, range.high, {}};
  chart.series = {{"predicted as it is known", ChartMark::reference, {at(range.low, range.low), at(range.high, range.high)}},
                  cloud(fmt::format("a {}", result.set.unit), known_and_predicted(judged))};
  return {"scatter.svg", chart_svg(chart),
          fmt::format("On the line a prediction is right, above it too high, below it too low. Pearson correlation {}; Lin's concordance, "
                      "which asks for the line itself, {}.{}",
                      reason_or_value(*find_metric(result.metrics, "pearson")), reason_or_value(*find_metric(result.metrics, "ccc")),
                      drawn_words(judged.rows(), result.set.unit))};
}

CurveFigure bland_altman_figure(const RegressionResult& result) {
  const Pairs pairs = means_and_differences(result.set.judged);
  double low = 0, high = 0;
  for (const auto& [mean, difference] : pairs) {
    low = std::min(low, difference);
    high = std::max(high, difference);
  }
  if (result.agreement) {
    low = std::min(low, result.agreement->low);
    high = std::max(high, result.agreement->high);
  }
  const Range x = padded(pairs.front().first, pairs.back().first), y = padded(low, high);
  Chart chart{"Agreement (Bland and Altman)", "Mean of predicted and known", "Predicted - known", x.low, x.high, y.low, y.high, {}};
  chart.series = {{"no difference", ChartMark::reference, {at(x.low, 0), at(x.high, 0)}},
                  cloud(fmt::format("a {}", result.set.unit), pairs)};
  std::string words = "fewer than 3 rows have no limits of agreement";
  if (const auto& a = result.agreement) {
    chart.series.push_back({fmt::format("bias {}", quantity_text(a->bias)), ChartMark::line, {at(x.low, a->bias), at(x.high, a->bias)}});
    for (const auto& [name, limit] : {std::pair("upper", a->high), std::pair("lower", a->low)})
      chart.series.push_back(
          {fmt::format("{} limit of agreement {}", name, quantity_text(limit)), ChartMark::line, {at(x.low, limit), at(x.high, limit)}});
    words = fmt::format(
        "95 % of the differences lie between {} and {} where they are normal (1.96 standard deviations to either side of the bias)",
        quantity_text(a->low), quantity_text(a->high));
  }
  return {"bland_altman.svg", chart_svg(chart),
          fmt::format("Differences that grow or lean to one side along the axis are not told by one bias; {}.{}", words,
                      drawn_words(pairs.size(), result.set.unit))};
}

}  // namespace

std::vector<NamedText> curve_tables(const RegressionResult& result) {
  return {{"scatter.csv", table("known,predicted\n", known_and_predicted(result.set.judged))},
          {"bland_altman.csv", table("mean,difference\n", means_and_differences(result.set.judged))}};
}

std::vector<CurveFigure> curve_figures(const RegressionResult& result) { return {scatter_figure(result), bland_altman_figure(result)}; }

}  // namespace microtome
