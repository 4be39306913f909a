// SPDX-License-Identifier: Apache-2.0
#include "mil/evaluation/fairness.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "mil/evaluation/calibration.h"

namespace microtome {
namespace {

constexpr std::array kNames = {"equal_opportunity", "equalised_odds", "demographic_parity", "predictive_parity", "calibration"};
using Gaps = std::array<std::optional<double>, kNames.size()>;

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

Gaps gaps(const std::vector<LevelCounts>& levels) {
  using Share = std::pair<double, double>;
  const auto sensitivity = spread(levels, [](const LevelCounts& c) { return Share(c.hits, c.positives); });
  const auto alarms = spread(levels, [](const LevelCounts& c) { return Share(c.called - c.hits, c.rows - c.positives); });
  Gaps out;
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

/// Levels of the units that are permuted: patients where each has one level, else rows. `unit`: whose level a row takes.
struct Units {
  std::vector<int> level, unit;
};

Units units_of(const Judged& judged, const std::vector<int>& level) {
  Units patients{std::vector<int>(static_cast<std::size_t>(judged.patients()), -2), judged.patient}, rows{level, {}};
  bool whole = true;
  for (std::size_t r = 0; r < level.size(); ++r) {
    rows.unit.push_back(static_cast<int>(r));
    int& seen = patients.level[static_cast<std::size_t>(judged.patient[r])];
    whole &= seen == -2 || seen == level[r];
    seen = level[r];
  }
  return whole ? patients : rows;
}

/// Fisher-Yates among the units that have a level.
void permute(std::vector<int>& level, std::mt19937_64& engine) {
  std::vector<std::size_t> there;
  for (std::size_t u = 0; u < level.size(); ++u)
    if (level[u] >= 0) there.push_back(u);
  for (std::size_t i = there.size(); i > 1; --i) std::swap(level[there[i - 1]], level[there[draw_below(engine, i)]]);
}

}  // namespace

std::vector<Gap> fairness_gaps(const Judged& judged, const std::vector<int>& level, int levels, const BootstrapSettings& settings) {
  const Prepared rows = prepare(judged);
  const Gaps seen = gaps(count(rows, level, levels));
  Units units = units_of(judged, level);
  std::array<int, kNames.size()> as_large{}, defined{};
  std::mt19937_64 engine(settings.seed);
  std::vector<int> drawn(level.size());
  for (int b = 0; b < settings.resamples; ++b) {
    permute(units.level, engine);
    for (std::size_t r = 0; r < level.size(); ++r) drawn[r] = units.level[static_cast<std::size_t>(units.unit[r])];
    const Gaps chance = gaps(count(rows, drawn, levels));
    for (std::size_t k = 0; k < kNames.size(); ++k) {
      defined[k] += chance[k].has_value();
      as_large[k] += chance[k] && seen[k] && *chance[k] >= *seen[k] - 1e-12;
    }
  }
  std::vector<Gap> out;
  for (std::size_t k = 0; k < kNames.size(); ++k) {
    out.push_back({kNames[k], seen[k], {}, seen[k] ? "" : "a level has no row to take it from"});
    if (seen[k]) out.back().p = (1.0 + as_large[k]) / (1.0 + defined[k]);
  }
  return out;
}

}  // namespace microtome
