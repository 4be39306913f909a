// SPDX-License-Identifier: Apache-2.0
#include "mil/evaluation/fairness.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "mil/evaluation/calibration.h"

namespace microtome {
namespace {

constexpr std::array kNames = {"equal_opportunity", "equalised_odds", "demographic_parity", "predictive_parity", "calibration"};

/// What a permutation changes, per level.
struct LevelCounts {
  double rows = 0, positives = 0, called = 0, hits = 0;
  std::array<double, kReliabilityBins> excess{};  // sum of probability minus outcome, by bin
};

struct Prepared {
  std::vector<char> positive, called;
  std::vector<int> bin;
  std::vector<double> excess;
};

Prepared prepare(const Judged& judged) {
  Prepared out;
  for (std::size_t r = 0; r < judged.rows(); ++r) {
    const double p = judged.probability_of(r, judged.positive);
    const bool positive = judged.label[r] == judged.positive;
    out.positive.push_back(positive);
    out.called.push_back(judged.decision[r] == judged.positive);
    const ScoreCount one{p, positive, !positive};
    const auto bins = reliability({&one, 1});
    out.bin.push_back(static_cast<int>(std::find_if(bins.begin(), bins.end(), [](const auto& b) { return b.n > 0; }) - bins.begin()));
    out.excess.push_back(p - (positive ? 1 : 0));
  }
  return out;
}

std::vector<LevelCounts> count(const Prepared& rows, const std::vector<int>& level, int levels) {
  std::vector<LevelCounts> out(static_cast<std::size_t>(levels));
  for (std::size_t r = 0; r < level.size(); ++r) {
    if (level[r] < 0) continue;
    LevelCounts& c = out[static_cast<std::size_t>(level[r])];
    c.rows += 1;
    c.positives += rows.positive[r];
    c.called += rows.called[r];
    c.hits += rows.positive[r] && rows.called[r];
    c.excess[static_cast<std::size_t>(rows.bin[r])] += rows.excess[r];
  }
  return out;
}

/// Largest minus smallest of value(level); nullopt where a level has none.
template <class Value>
std::optional<double> spread(const std::vector<LevelCounts>& levels, Value value) {
  double low = 1e300, high = -1e300;
  for (const LevelCounts& c : levels) {
    const auto [part, whole] = value(c);
    if (!(whole > 0)) return std::nullopt;
    low = std::min(low, part / whole);
    high = std::max(high, part / whole);
  }
  return high - low;
}

Values gaps(const std::vector<LevelCounts>& levels) {
  using Share = std::pair<double, double>;
  const auto sensitivity = spread(levels, [](const LevelCounts& c) { return Share(c.hits, c.positives); });
  const auto alarms = spread(levels, [](const LevelCounts& c) { return Share(c.called - c.hits, c.rows - c.positives); });
  Values out(kNames.size());
  out[0] = sensitivity;
  if (sensitivity && alarms) out[1] = std::max(*sensitivity, *alarms);
  out[2] = spread(levels, [](const LevelCounts& c) { return Share(c.called, c.rows); });
  out[3] = spread(levels, [](const LevelCounts& c) { return Share(c.hits, c.called); });
  out[4] = spread(levels, [](const LevelCounts& c) {
    double sum = 0;
    for (const double e : c.excess) sum += std::abs(e);
    return Share(sum, c.rows);
  });
  return out;
}

}  // namespace

std::vector<Gap> fairness_gaps(const Judged& judged, const std::vector<int>& level, int levels, const BootstrapSettings& settings) {
  const Prepared rows = prepare(judged);
  return permuted_gaps(
      {kNames.begin(), kNames.end()}, judged.patient, level,
      [&](const std::vector<int>& drawn) { return gaps(count(rows, drawn, levels)); }, "a level has no row to take it from", settings);
}

}  // namespace microtome
