// SPDX-License-Identifier: Apache-2.0
#include "mil/evaluation/regression/regression_measures.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

#include "mil/evaluation/values.h"

namespace microtome {
namespace {

constexpr std::int64_t kFewestRows = 3;
constexpr std::size_t kCompared = 5;  // the first of names()

std::int64_t times(RowWeights weight, std::size_t row) { return weight.empty() ? 1 : weight[row]; }

/// Sums of squares and products about the means, of the rows written out as often as they weigh.
struct Moments {
  double n = 0, mean_x = 0, mean_y = 0, xx = 0, yy = 0, xy = 0;
  bool x_differs = false, y_differs = false;  // by comparing: rounding makes sums of equal numbers differ from 0
};

Moments moments(const std::vector<double>& x, const std::vector<double>& y, RowWeights weight) {
  Moments out;
  std::optional<std::size_t> first;
  for (std::size_t r = 0; r < x.size(); ++r) {
    const auto w = static_cast<double>(times(weight, r));
    if (w == 0) continue;
    if (!first) first = r;
    out.x_differs |= x[r] != x[*first];
    out.y_differs |= y[r] != y[*first];
    out.n += w;
    out.mean_x += w * x[r];
    out.mean_y += w * y[r];
  }
  if (out.n == 0) return out;
  out.mean_x /= out.n;
  out.mean_y /= out.n;
  for (std::size_t r = 0; r < x.size(); ++r) {
    const auto w = static_cast<double>(times(weight, r));
    const double dx = x[r] - out.mean_x, dy = y[r] - out.mean_y;
    out.xx += w * dx * dx;
    out.yy += w * dy * dy;
    out.xy += w * dx * dy;
  }
  out.x_differs &= out.xx > 0;  // squares of tiny differences may vanish
  out.y_differs &= out.yy > 0;
  return out;
}

std::optional<double> correlation(const Moments& m) {
  if (!m.x_differs || !m.y_differs) return std::nullopt;
  return std::clamp(m.xy / (std::sqrt(m.xx) * std::sqrt(m.yy)), -1.0, 1.0);
}

std::vector<std::size_t> ascending(const std::vector<double>& values) {
  std::vector<std::size_t> out(values.size());
  std::iota(out.begin(), out.end(), 0U);
  std::sort(out.begin(), out.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  return out;
}

bool all_equal(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [&](double v) { return v == values.front(); });
}

std::string why_absent(const std::string& name, const JudgedRegression& judged, bool of_folds) {
  const bool line = name.starts_with("calibration_");
  if (judged.rows() < kFewestRows) return "fewer than 3 rows";
  if (name != "r2" && all_equal(judged.predicted)) return "all predictions are the same";
  if (!line && all_equal(judged.target)) return "all known values are the same";
  return of_folds ? "no fold has a value: each has fewer than 3 rows, or predictions or known values that are all the same"
                  : "predictions or known values hardly differ";
}

Metric bare_metric(const JudgedRegression& judged, const std::string& name, std::optional<double> value) {
  Metric out;
  out.name = name;
  out.value = value;
  out.n = static_cast<std::int64_t>(judged.rows());
  return out;
}

/// Patients are exchanged within their fold.
PatientRows patients_by_fold(const JudgedRegression& judged) {
  PatientRows out{judged.patient, std::vector<int>(static_cast<std::size_t>(judged.patients()), 0)};
  const std::vector<int> numbers = judged.fold_numbers();
  for (std::size_t r = 0; r < judged.fold.size(); ++r)
    out.stratum[static_cast<std::size_t>(judged.patient[r])] =
        static_cast<int>(std::lower_bound(numbers.begin(), numbers.end(), judged.fold[r]) - numbers.begin());
  return out;
}

/// One metric of names() for each of the statistics.
std::vector<Metric> with_intervals(const JudgedRegression& judged, const Statistics& statistics, bool of_folds,
                                   const BootstrapSettings& settings) {
  const Values values = statistics({});
  const Resampled resampled = bootstrap(patients_by_fold(judged), statistics, settings);
  std::vector<Metric> out;
  for (std::size_t k = 0; k < values.size(); ++k) {
    const std::string& name = RegressionMeasures::names()[k];
    out.push_back(bare_metric(judged, name, values[k]));
    if (!values[k]) {
      out.back().interval.reason = why_absent(name, judged, of_folds);
      continue;
    }
    out.back().interval = resampled.intervals[k];
    if (resampled.skipped[k] > 0) out.back().note = std::to_string(resampled.skipped[k]) + " resamples without a value were skipped";
  }
  return out;
}

Values compared(const RegressionMeasures& measures, RowWeights weight) {
  Values out = measures.values(weight);
  out.resize(kCompared);
  return out;
}

std::vector<Metric> plain(const JudgedRegression& judged, const Values& values) {
  std::vector<Metric> out;
  for (std::size_t k = 0; k < values.size(); ++k) {
    out.push_back(bare_metric(judged, RegressionMeasures::names()[k], values[k]));
    out.back().interval.reason = values[k] ? "see the difference" : why_absent(out.back().name, judged, false);
  }
  return out;
}

/// The rows of one fold with everything prepared.
struct FoldRows {
  std::vector<std::size_t> rows;
  JudgedRegression judged;
};

}  // namespace

RegressionMeasures::RegressionMeasures(const JudgedRegression& judged)
    : judged_(judged), by_target_(ascending(judged.target)), by_predicted_(ascending(judged.predicted)) {}

const std::vector<std::string>& RegressionMeasures::names() {
  static const std::vector<std::string> all = {
      "mae", "rmse", "r2", "pearson", "spearman", "bias", "calibration_slope", "calibration_intercept", "ccc"};
  return all;
}

std::vector<double> RegressionMeasures::middle_ranks(const std::vector<double>& of, const std::vector<std::size_t>& order,
                                                     RowWeights weight) const {
  std::vector<double> out(of.size());
  double before = 0;
  for (std::size_t i = 0; i < order.size();) {
    std::size_t end = i;
    double tied = 0;
    for (; end < order.size() && of[order[end]] == of[order[i]]; ++end) tied += static_cast<double>(times(weight, order[end]));
    for (; i < end; ++i) out[order[i]] = before + (tied + 1) / 2;
    before += tied;
  }
  return out;
}

Values RegressionMeasures::values(RowWeights weight) const {
  const Moments m = moments(judged_.predicted, judged_.target, weight);  // x predicted, y known
  Values out(names().size());
  if (m.n == 0) return out;
  double absolute = 0, squared = 0, difference = 0;
  for (std::size_t r = 0; r < judged_.rows(); ++r) {
    const double error = judged_.predicted[r] - judged_.target[r];
    const auto w = static_cast<double>(times(weight, r));
    absolute += w * std::abs(error);
    squared += w * error * error;
    difference += w * error;
  }
  out[0] = absolute / m.n;
  out[1] = std::sqrt(squared / m.n);
  out[5] = difference / m.n;
  if (m.n < kFewestRows) return out;
  if (m.y_differs) out[2] = 1 - squared / m.yy;
  out[3] = correlation(m);
  out[4] = correlation(
      moments(middle_ranks(judged_.predicted, by_predicted_, weight), middle_ranks(judged_.target, by_target_, weight), weight));
  if (m.x_differs) {
    out[6] = m.xy / m.xx;
    out[7] = m.mean_y - *out[6] * m.mean_x;
  }
  const double apart = m.mean_x - m.mean_y;
  if (m.x_differs && m.y_differs) out[8] = std::clamp(2 * m.xy / (m.xx + m.yy + m.n * apart * apart), -1.0, 1.0);
  return out;
}

std::vector<Metric> measure_regression(const JudgedRegression& judged, const BootstrapSettings& settings) {
  const RegressionMeasures measures(judged);
  return with_intervals(
      judged, [&](RowWeights weight) { return measures.values(weight); }, false, settings);
}

std::vector<Metric> measure_regression_fold_means(const JudgedRegression& judged, const BootstrapSettings& settings) {
  const std::vector<int> numbers = judged.fold_numbers();
  if (numbers.size() < 2) return {};
  std::vector<FoldRows> folds;
  for (const int number : numbers) folds.push_back({judged.rows_of_fold(number), judged.select(judged.rows_of_fold(number))});
  std::vector<RegressionMeasures> measures;
  for (const FoldRows& fold : folds) measures.emplace_back(fold.judged);
  auto statistics = [&](RowWeights weight) {
    std::vector<Values> sets;
    for (std::size_t f = 0; f < folds.size(); ++f) sets.push_back(measures[f].values(gathered(weight, folds[f].rows)));
    return mean_of(sets);
  };
  return with_intervals(judged, statistics, true, settings);
}

RegressionComparison compare_regression(const JudgedRegression& one, const JudgedRegression& other, const BootstrapSettings& settings) {
  assert(one.target == other.target && one.patient == other.patient);
  const RegressionMeasures first(one), second(other);
  RegressionComparison out;
  out.one = plain(one, compared(first, {}));
  out.other = plain(other, compared(second, {}));
  out.difference = with_intervals(
      one, [&](RowWeights weight) { return minus(compared(first, weight), compared(second, weight)); }, false, settings);
  for (Metric& m : out.difference)
    if (!m.value) m.interval.reason = "one of the two has no value";
  return out;
}

}  // namespace microtome
