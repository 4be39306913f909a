// SPDX-License-Identifier: Apache-2.0
#include "mil/evaluation/regression/regression_subgroups.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace microtome {
namespace {

std::vector<double> absolute_errors(const JudgedRegression& judged) {
  std::vector<double> out;
  for (std::size_t r = 0; r < judged.rows(); ++r) out.push_back(std::abs(judged.predicted[r] - judged.target[r]));
  return out;
}

/// Largest minus smallest mean over levels; nothing where a level has no row.
std::optional<double> distance(const std::vector<double>& error, const std::vector<int>& level, int levels) {
  std::vector<double> sum(static_cast<std::size_t>(levels)), rows(sum.size());
  for (std::size_t r = 0; r < level.size(); ++r) {
    if (level[r] < 0) continue;
    sum[static_cast<std::size_t>(level[r])] += error[r];
    rows[static_cast<std::size_t>(level[r])] += 1;
  }
  for (std::size_t l = 0; l < sum.size(); ++l) {
    if (rows[l] == 0) return std::nullopt;
    sum[l] /= rows[l];
  }
  const auto [low, high] = std::minmax_element(sum.begin(), sum.end());
  return *high - *low;
}

/// `level`: -1 for rows of suppressed levels, which are not permuted.
Gap gap_of(const JudgedRegression& judged, const std::vector<int>& level, int levels, const BootstrapSettings& settings) {
  if (levels < 2) return {"mae", {}, {}, "fewer than two levels are reported"};
  const std::vector<double> error = absolute_errors(judged);
  const double mean = std::accumulate(error.begin(), error.end(), 0.0) / static_cast<double>(error.size());
  std::vector<double> shares;  // equal gaps are told from others by a tolerance, whatever the unit
  for (const double e : error) shares.push_back(mean > 0 ? e / mean : 0);
  Gap out = permuted_gaps(
                {"mae"}, judged.patient, level, [&](const std::vector<int>& drawn) { return Values{distance(shares, drawn, levels)}; },
                "a level has no row to take it from", settings)
                .front();
  out.value = distance(error, level, levels);
  return out;
}

}  // namespace

RegressionSubgroups judge_regression_subgroups(const JudgedRegression& judged, const std::string& column,
                                               const std::vector<std::string>& level_of_row, const BootstrapSettings& settings) {
  RegressionSubgroups out;
  out.column = column;
  std::vector<int> number(judged.rows(), -1);
  int reported = 0;
  for (const LevelRows& its : rows_by_level(level_of_row)) {
    const JudgedRegression own = judged.select(its.rows);
    RegressionLevel& level = out.levels.emplace_back();
    level.name = its.name;
    level.rows = static_cast<std::int64_t>(own.rows());
    level.patients = own.patients();
    level.suppressed = why_too_few(own.patients());
    if (!level.suppressed.empty()) continue;
    level.metrics = measure_regression(own, settings);
    for (const std::size_t r : its.rows) number[r] = reported;
    ++reported;
  }
  out.gap = gap_of(judged, number, reported, settings);
  out.worst_level = worst_level(out.levels, true);  // mae comes first
  return out;
}

}  // namespace microtome
