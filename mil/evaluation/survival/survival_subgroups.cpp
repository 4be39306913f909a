// SPDX-License-Identifier: Apache-2.0
#include "mil/evaluation/survival/survival_subgroups.h"

#include <algorithm>
#include <map>

namespace microtome {
namespace {

std::string why_suppressed(const SurvivalLevel& level) {
  if (level.patients < kFewestFollowed) return "fewer than " + std::to_string(kFewestFollowed) + " patients";
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
  Gap out{"c_harrell", {}, {}, ""};
  const RankedRisks ranks(judged.risk, judged.follow_up);
  if (levels >= 2) out.value = distance(ranks, level, levels);
  if (!out.value) {
    out.reason = levels < 2 ? "fewer than two levels are reported" : "in one level no two patients can be compared";
    return out;
  }
  std::vector<std::size_t> places;
  for (std::size_t r = 0; r < level.size(); ++r)
    if (level[r] >= 0) places.push_back(r);
  std::mt19937_64 engine(settings.seed);
  std::vector<int> permuted = level;
  int as_large = 0, there = 0;
  for (int b = 0; b < settings.resamples; ++b) {
    for (std::size_t i = places.size(); i > 1; --i) std::swap(permuted[places[i - 1]], permuted[places[draw_below(engine, i)]]);
    const auto drawn = distance(ranks, permuted, levels);
    there += drawn.has_value();
    as_large += drawn && *drawn >= *out.value - 1e-12;
  }
  out.p = static_cast<double>(as_large + 1) / (there + 1);
  return out;
}

std::string worst_of(const std::vector<SurvivalLevel>& levels) {
  const SurvivalLevel* worst = nullptr;
  int compared = 0;
  for (const SurvivalLevel& level : levels) {
    if (level.metrics.empty() || !level.metrics.front().value) continue;  // c_harrell comes first
    ++compared;
    if (!worst || *level.metrics.front().value < *worst->metrics.front().value) worst = &level;
  }
  return compared < 2 ? "" : worst->name;
}

}  // namespace

SurvivalSubgroups judge_survival_subgroups(const JudgedSurvival& judged, const SurvivalTimes& times, const std::string& column,
                                           const std::vector<std::string>& level_of_row, const BootstrapSettings& settings) {
  std::map<std::string, std::vector<std::size_t>> rows_of;
  for (std::size_t r = 0; r < judged.rows(); ++r) rows_of[level_of_row[r]].push_back(r);
  SurvivalSubgroups out;
  out.column = column;
  std::vector<int> number(judged.rows(), -1);
  int reported = 0;
  for (const auto& [name, rows] : rows_of) {
    const JudgedSurvival own = judged.select(rows);
    SurvivalLevel& level = out.levels.emplace_back();
    level.name = name.empty() ? "(not given)" : name;
    level.patients = static_cast<std::int64_t>(rows.size());
    level.events = own.follow_up.events();
    level.suppressed = why_suppressed(level);
    if (!level.suppressed.empty()) continue;
    level.metrics = measure_survival(own, times, settings);
    for (const std::size_t r : rows) number[r] = reported;
    ++reported;
  }
  out.gap = gap_of(judged, number, reported, settings);
  out.worst_level = worst_of(out.levels);
  return out;
}

}  // namespace microtome
