// SPDX-License-Identifier: Apache-2.0
#include "mil/evaluation/survival/kaplan_meier.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "mil/evaluation/intervals.h"

namespace microtome {
namespace {

void set_limits(SurvivalStep& step, SurvivalLimits limits, double z) {
  const double s = step.survival;
  if (s <= 0) return;
  const double sd = std::sqrt(step.variance_of_log);
  if (limits == SurvivalLimits::plain) {
    step.low = std::max(0.0, s - z * s * sd);
    step.high = std::min(1.0, s + z * s * sd);
  } else if (s < 1) {
    const double by = z * sd / std::log(s);  // negative
    step.low = std::pow(s, std::exp(-by));
    step.high = std::pow(s, std::exp(by));
  }
}

}  // namespace

std::vector<SurvivalStep> kaplan_meier(std::span<const TimeCount> counts, SurvivalLimits limits, double level) {
  const double z = normal_quantile((1 + level) / 2);
  std::vector<SurvivalStep> out;
  double survival = 1, variance = 0;
  for (const TimeCount& c : counts) {
    const auto n = static_cast<double>(c.at_risk), d = static_cast<double>(c.events);
    survival *= (n - d) / n;
    if (c.events > 0) variance = c.events < c.at_risk ? variance + d / (n * (n - d)) : std::numeric_limits<double>::infinity();
    SurvivalStep& step = out.emplace_back(SurvivalStep{c, survival, variance, {}, {}});
    set_limits(step, limits, z);
  }
  return out;
}

const SurvivalStep* step_at(std::span<const SurvivalStep> steps, double months) {
  const auto after =
      std::upper_bound(steps.begin(), steps.end(), months, [](double t, const SurvivalStep& s) { return t < s.count.months; });
  return after == steps.begin() ? nullptr : &*(after - 1);
}

double survival_at(std::span<const SurvivalStep> steps, double months) {
  const SurvivalStep* step = step_at(steps, months);
  return step ? step->survival : 1;
}

MedianTime median_time(std::span<const SurvivalStep> steps) {
  constexpr double kHalf = 0.5 + 1e-12;  // a product of quotients that is one half may lie a rounding above
  MedianTime out;
  for (const SurvivalStep& step : steps) {
    const double t = step.count.months;
    if (!out.months && step.survival <= kHalf) out.months = t;
    if (!out.low && step.low && *step.low <= kHalf) out.low = t;
    if (!out.high && step.high && *step.high <= kHalf) out.high = t;
  }
  return out;
}

CensoringCurve::CensoringCurve(std::span<const TimeCount> counts) {
  double share = 1;
  for (const TimeCount& c : counts) {
    const auto left = static_cast<double>(c.at_risk - c.events);
    if (c.censored > 0) share *= (left - static_cast<double>(c.censored)) / left;
    months_.push_back(c.months);
    after_.push_back(share);
  }
}

double CensoringCurve::at(double months) const {
  if (months_.empty() || months > months_.back()) return 0;
  const auto after = std::upper_bound(months_.begin(), months_.end(), months) - months_.begin();
  return after == 0 ? 1 : after_[static_cast<std::size_t>(after) - 1];
}

double CensoringCurve::before(double months) const {
  if (months_.empty() || months > months_.back()) return 0;
  const auto from = std::lower_bound(months_.begin(), months_.end(), months) - months_.begin();
  return from == 0 ? 1 : after_[static_cast<std::size_t>(from) - 1];
}

}  // namespace microtome
