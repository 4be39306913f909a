// SPDX-License-Identifier: Apache-2.0
#include "mil/evaluation/delong.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace microtome {
namespace {

/// Rank of each value, 1 the smallest; equal values share the mean of their ranks.
std::vector<double> midranks(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> out(values.size());
  for (std::size_t i = 0; i < order.size();) {
    std::size_t end = i;
    while (end < order.size() && values[order[end]] == values[order[i]]) ++end;
    for (std::size_t k = i; k < end; ++k) out[order[k]] = static_cast<double>(i + 1 + end) / 2;
    i = end;
  }
  return out;
}

/// Share of negatives below each positive, and of positives above each negative.
struct Placements {
  std::vector<double> of_positives, of_negatives;
};

Placements place(std::span<const double> score, std::span<const char> positive) {
  std::vector<double> x, y;
  for (std::size_t r = 0; r < score.size(); ++r) (positive[r] ? x : y).push_back(score[r]);
  std::vector<double> z = x;
  z.insert(z.end(), y.begin(), y.end());
  const auto among_all = midranks(z), among_x = midranks(x), among_y = midranks(y);
  const auto m = x.size(), n = y.size();
  Placements out;
  for (std::size_t i = 0; i < m; ++i) out.of_positives.push_back((among_all[i] - among_x[i]) / static_cast<double>(n));
  for (std::size_t j = 0; j < n; ++j) out.of_negatives.push_back(1 - (among_all[m + j] - among_y[j]) / static_cast<double>(m));
  return out;
}

double mean(const std::vector<double>& v) { return std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size()); }

double covariance(const std::vector<double>& a, const std::vector<double>& b) {
  const double mean_a = mean(a), mean_b = mean(b);
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - mean_a) * (b[i] - mean_b);
  return sum / static_cast<double>(a.size() - 1);
}

double covariance(const Placements& a, const Placements& b) {
  return covariance(a.of_positives, b.of_positives) / static_cast<double>(a.of_positives.size()) +
         covariance(a.of_negatives, b.of_negatives) / static_cast<double>(a.of_negatives.size());
}

bool estimable(const Placements& p) { return p.of_positives.size() >= 2 && p.of_negatives.size() >= 2; }

// Placements are quotients, so equal ones differ by rounding: what is left of a variance of 0.
bool vanishes(double variance) { return variance < 1e-20; }

}  // namespace

std::optional<DelongArea> delong(std::span<const double> score, std::span<const char> positive) {
  const Placements p = place(score, positive);
  if (!estimable(p)) return std::nullopt;
  return DelongArea{mean(p.of_positives), covariance(p, p)};
}

std::optional<DelongDifference> delong_difference(std::span<const double> one, std::span<const double> other,
                                                  std::span<const char> positive, double level) {
  const Placements a = place(one, positive), b = place(other, positive);
  if (!estimable(a)) return std::nullopt;
  DelongDifference out;
  out.one = {mean(a.of_positives), covariance(a, a)};
  out.other = {mean(b.of_positives), covariance(b, b)};
  out.covariance = covariance(a, b);
  out.difference = out.one.auc - out.other.auc;
  out.variance = std::max(0.0, out.one.variance + out.other.variance - 2 * out.covariance);
  if (vanishes(out.variance)) return out;
  const double error = std::sqrt(out.variance), width = normal_quantile((1 + level) / 2) * error;
  out.z = out.difference / error;
  out.p = 2 * normal_probability(-std::abs(*out.z));
  out.low = out.difference - width;
  out.high = out.difference + width;
  return out;
}

Interval delong_interval(const DelongArea& area, double level) {
  if (vanishes(area.variance) || area.auc <= 0 || area.auc >= 1)
    return {{}, {}, "DeLong", "the scores separate the classes completely, or are all equal: the variance is 0 and says nothing"};
  const double width = normal_quantile((1 + level) / 2) * std::sqrt(area.variance);
  const double low = area.auc - width, high = area.auc + width;
  if (area.auc > 0.1 && area.auc < 0.9 && low >= 0 && high <= 1) return {low, high, "DeLong", ""};
  const double logit = std::log(area.auc / (1 - area.auc)), scaled = width / (area.auc * (1 - area.auc));
  auto area_of = [](double l) { return 1 / (1 + std::exp(-l)); };
  return {area_of(logit - scaled), area_of(logit + scaled), "DeLong, logit scale", ""};
}

}  // namespace microtome
