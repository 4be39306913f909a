// SPDX-License-Identifier: Apache-2.0
#include "mil/evaluation/survival/follow_up.h"

#include <algorithm>
#include <cmath>

namespace microtome {

std::int64_t FollowUp::events() const { return std::count(event.begin(), event.end(), 1); }

std::vector<double> FollowUp::event_months() const {
  std::vector<double> out;
  for (std::size_t r = 0; r < size(); ++r)
    if (event[r]) out.push_back(months[r]);
  std::sort(out.begin(), out.end());
  return out;
}

FollowUp FollowUp::select(const std::vector<std::size_t>& rows) const {
  FollowUp out;
  for (const std::size_t r : rows) {
    out.months.push_back(months[r]);
    out.event.push_back(event[r]);
  }
  return out;
}

TimeTable::TimeTable(const FollowUp& follow_up) {
  rows_.reserve(follow_up.size());
  for (std::size_t r = 0; r < follow_up.size(); ++r) rows_.push_back({r, follow_up.months[r], follow_up.event[r] != 0});
  std::stable_sort(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) { return a.months < b.months; });
}

std::vector<TimeCount> TimeTable::count(RowWeights weight) const {
  std::vector<TimeCount> out;
  for (const Row& row : rows_) {
    const int times = weight.empty() ? 1 : weight[row.row];
    if (times == 0) continue;
    if (out.empty() || out.back().months != row.months) out.push_back({row.months, 0, 0, 0});
    (row.event ? out.back().events : out.back().censored) += times;
  }
  std::int64_t left = 0;
  for (auto at = out.rbegin(); at != out.rend(); ++at) at->at_risk = left += at->events + at->censored;
  return out;
}

std::int64_t at_risk(std::span<const TimeCount> counts, double months) {
  const auto found = std::lower_bound(counts.begin(), counts.end(), months, [](const TimeCount& c, double t) { return c.months < t; });
  return found == counts.end() ? 0 : found->at_risk;
}

double quantile_of(std::span<const double> sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1), whole = std::floor(at);
  const auto i = static_cast<std::size_t>(whole);
  return i + 1 < sorted.size() ? sorted[i] + (at - whole) * (sorted[i + 1] - sorted[i]) : sorted[i];
}

}  // namespace microtome
