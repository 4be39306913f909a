// SPDX-License-Identifier: Apache-2.0
#include "mil/evaluation/survival/survival_subgroups.h"

#include <algorithm>

#include "mil/evaluation/survival/resampled_metrics.h"

namespace microtome {
namespace {

std::string why_suppressed(const SurvivalLevel& level) {
  if (const std::string few = why_too_few(static_cast<int>(level.patients)); !few.empty()) return few;
  return level.events < kFewestEvents ? "fewer than " + std::to_string(kFewestEvents) + " events" : "";
}

/// Largest minus smallest c over levels; nullopt: one of them has none.
std::optional<double> distance(const RankedRisks& ranks, const std::vector<int>& level, int levels) {
  double low = 1, high = 0;
  for (int l = 0; l < levels; ++l) {
    std::vector<int> of_level;
    for (const int own : level) of_level.push_back(own == l);
    const auto c = harrell_c(ranks.count(of_level));
    if (!c) return std::nullopt;
    low = std::min(low, *c);
    high = std::max(high, *c);
  }
  return high - low;
}

/// `level`: -1 for patients of suppressed levels, who are not permuted.
Gap gap_of(const JudgedSurvival& judged, const std::vector<int>& level, int levels, const BootstrapSettings& settings) {
  if (levels < 2) return {"c_harrell", {}, {}, "fewer than two levels are reported"};
  const RankedRisks ranks(judged.risk, judged.follow_up);
  return permuted_gaps(
             {"c_harrell"}, units_of(judged).patient, level,
             [&](const std::vector<int>& drawn) { return Values{distance(ranks, drawn, levels)}; },
             "in one level no two patients can be compared", settings)
      .front();
}

}  // namespace

SurvivalSubgroups judge_survival_subgroups(const JudgedSurvival& judged, const SurvivalTimes& times, const std::string& column,
                                           const std::vector<std::string>& level_of_row, const BootstrapSettings& settings) {
  SurvivalSubgroups out;
  out.column = column;
  std::vector<int> number(judged.rows(), -1);
  int reported = 0;
  for (const auto& [name, rows] : rows_by_level(level_of_row)) {
    const JudgedSurvival own = judged.select(rows);
    SurvivalLevel& level = out.levels.emplace_back();
    level.name = name;
    level.patients = static_cast<std::int64_t>(rows.size());
    level.events = own.follow_up.events();
    level.suppressed = why_suppressed(level);
    if (!level.suppressed.empty()) continue;
    level.metrics = measure_survival(own, times, settings);
    for (const std::size_t r : rows) number[r] = reported;
    ++reported;
  }
  out.gap = gap_of(judged, number, reported, settings);
  out.worst_level = worst_level(out.levels);  // c_harrell comes first
  return out;
}

}  // namespace microtome
