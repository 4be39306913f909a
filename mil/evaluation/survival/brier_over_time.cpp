// SPDX-License-Identifier: Apache-2.0
#include "mil/evaluation/survival/brier_over_time.h"

#include <algorithm>

namespace microtome {
namespace {

/// `survival(row)`: what is predicted for the time.
template <class Survival>
std::optional<double> brier_at(double months, const FollowUp& follow_up, const CensoringCurve& censoring, RowWeights weight,
                               Survival survival) {
  const double share_now = censoring.at(months);
  double sum = 0, n = 0;
  bool beyond = false;
  for (std::size_t r = 0; r < follow_up.size(); ++r) {
    const int times = weight.empty() ? 1 : weight[r];
    if (times == 0) continue;
    n += times;
    const bool followed = follow_up.months[r] > months;
    beyond = beyond || followed;
    if (!followed && !follow_up.event[r]) continue;
    const double share = followed ? share_now : censoring.at(follow_up.months[r]);
    if (!(share > 0)) return std::nullopt;
    const double miss = followed ? 1 - survival(r) : survival(r);
    sum += times * miss * miss / share;
  }
  return beyond ? std::optional(sum / n) : std::nullopt;
}

}  // namespace

SurvivalCurves SurvivalCurves::select(const std::vector<std::size_t>& rows) const {
  SurvivalCurves out{months, {}};
  for (const std::size_t r : rows)
    for (std::size_t k = 0; k < months.size(); ++k) out.survival.push_back(at(r, k));
  return out;
}

std::optional<double> SurvivalCurves::between(std::size_t row, double at_months) const {
  const auto next = static_cast<std::size_t>(std::lower_bound(months.begin(), months.end(), at_months) - months.begin());
  if (next == months.size()) return std::nullopt;
  const double from = next == 0 ? 0 : months[next - 1], high = next == 0 ? 1 : at(row, next - 1);
  return high + (at(row, next) - high) * (at_months - from) / (months[next] - from);
}

std::vector<std::optional<double>> brier_over_time(const SurvivalCurves& curves, const FollowUp& follow_up, const CensoringCurve& censoring,
                                                   RowWeights weight) {
  std::vector<std::optional<double>> out;
  for (std::size_t k = 0; k < curves.months.size(); ++k)
    out.push_back(brier_at(curves.months[k], follow_up, censoring, weight, [&](std::size_t r) { return curves.at(r, k); }));
  return out;
}

std::vector<std::optional<double>> brier_of_one_curve(std::span<const double> months, std::span<const SurvivalStep> curve,
                                                      const FollowUp& follow_up, const CensoringCurve& censoring, RowWeights weight) {
  std::vector<std::optional<double>> out;
  for (const double t : months) {
    const double survival = survival_at(curve, t);
    out.push_back(brier_at(t, follow_up, censoring, weight, [&](std::size_t) { return survival; }));
  }
  return out;
}

std::optional<double> integrated_brier(std::span<const double> months, std::span<const std::optional<double>> scores) {
  if (months.size() < 2 || !scores[0]) return std::nullopt;
  double area = 0;
  for (std::size_t k = 1; k < months.size(); ++k) {
    if (!scores[k]) return std::nullopt;
    area += (months[k] - months[k - 1]) * (*scores[k] + *scores[k - 1]) / 2;
  }
  return area / (months.back() - months.front());
}

}  // namespace microtome
