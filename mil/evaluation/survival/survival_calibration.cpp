// SPDX-License-Identifier: Apache-2.0
#include "mil/evaluation/survival/survival_calibration.h"

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>

namespace microtome {
namespace {

/// Rows of each group.
std::vector<std::vector<std::size_t>> rows_by_group(std::span<const double> predicted, int groups) {
  std::vector<std::size_t> order(predicted.size());
  for (std::size_t r = 0; r < order.size(); ++r) order[r] = r;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return predicted[a] < predicted[b]; });
  std::vector<std::vector<std::size_t>> out(static_cast<std::size_t>(groups));
  for (std::size_t from = 0, to = 0; from < order.size(); from = to) {
    while (to < order.size() && predicted[order[to]] == predicted[order[from]]) ++to;
    auto& group = out[(from + to) * out.size() / (2 * order.size())];
    group.insert(group.end(), order.begin() + static_cast<std::ptrdiff_t>(from), order.begin() + static_cast<std::ptrdiff_t>(to));
  }
  return out;
}

HorizonGroup judge(std::span<const double> predicted, const FollowUp& follow_up, double horizon, const std::vector<std::size_t>& rows) {
  HorizonGroup out;
  const FollowUp own = follow_up.select(rows);
  out.n = static_cast<std::int64_t>(rows.size());
  for (const std::size_t r : rows) {
    out.predicted += predicted[r] / static_cast<double>(rows.size());
    out.events += follow_up.event[r] && follow_up.months[r] <= horizon;
  }
  const auto counts = TimeTable(own).count();
  const auto curve = kaplan_meier(counts);
  const SurvivalStep* step = step_at(curve, horizon);
  const double survival = step ? step->survival : 1;
  if (at_risk(counts, horizon) == 0 && survival > 0) return out;
  out.observed = survival;
  if (step) {
    out.low = step->low;
    out.high = step->high;
  }
  return out;
}

struct OwnTime {
  double survival = 1;
  bool event = false;
};

OwnTime at_own_time(const SurvivalCurves& curves, const FollowUp& follow_up, std::size_t row) {
  if (const auto within = curves.between(row, follow_up.months[row])) return {*within, follow_up.event[row] != 0};
  return {curves.at(row, curves.months.size() - 1), false};
}

/// One patient's unit of mass: into its bin, or, when censored at S, evenly over 0..S.
void add(std::array<double, DCalibration::kBins>& mass, const OwnTime& own) {
  constexpr double kWidth = 1.0 / DCalibration::kBins;
  const int bin = std::clamp(static_cast<int>(own.survival * DCalibration::kBins), 0, DCalibration::kBins - 1);
  if (own.event || own.survival <= 0) {
    mass[static_cast<std::size_t>(bin)] += 1;
    return;
  }
  for (int b = 0; b < bin; ++b) mass[static_cast<std::size_t>(b)] += kWidth / own.survival;
  mass[static_cast<std::size_t>(bin)] += (own.survival - bin * kWidth) / own.survival;
}

}  // namespace

std::vector<HorizonGroup> calibration_at(std::span<const double> predicted, const FollowUp& follow_up, double horizon, int groups) {
  std::vector<HorizonGroup> out;
  for (const auto& rows : rows_by_group(predicted, groups))
    if (!rows.empty()) out.push_back(judge(predicted, follow_up, horizon, rows));
  return out;
}

std::optional<double> horizon_error(const std::vector<HorizonGroup>& groups) {
  double sum = 0, n = 0;
  for (const HorizonGroup& group : groups) {
    if (!group.observed) return std::nullopt;
    sum += static_cast<double>(group.n) * std::abs(group.predicted - *group.observed);
    n += static_cast<double>(group.n);
  }
  return n > 0 ? std::optional(sum / n) : std::nullopt;
}

DCalibration d_calibration(const SurvivalCurves& curves, const FollowUp& follow_up) {
  DCalibration out;
  if (curves.months.empty() || follow_up.events() == 0) {
    out.reason = curves.months.empty() ? "there are no survival curves" : "there is no event";
    return out;
  }
  std::array<double, DCalibration::kBins> mass{};
  for (std::size_t r = 0; r < follow_up.size(); ++r) add(mass, at_own_time(curves, follow_up, r));
  const auto n = static_cast<double>(follow_up.size()), expected = n / DCalibration::kBins;
  double chi_square = 0;
  for (std::size_t b = 0; b < mass.size(); ++b) {
    out.share[b] = mass[b] / n;
    chi_square += (mass[b] - expected) * (mass[b] - expected) / expected;
  }
  out.chi_square = chi_square;
  out.p = boost::math::cdf(boost::math::complement(boost::math::chi_squared(DCalibration::kBins - 1), chi_square));
  return out;
}

}  // namespace microtome
