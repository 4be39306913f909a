// SPDX-License-Identifier: Apache-2.0
#include "mil/evaluation/decision_curve.h"

namespace microtome {

std::vector<NetBenefit> decision_curve(std::span<const ScoreCount> counts) {
  double n = 0, positives = 0;
  for (const ScoreCount& c : counts) {
    n += static_cast<double>(c.positives + c.negatives);
    positives += static_cast<double>(c.positives);
  }
  std::vector<NetBenefit> out;
  for (int percent = 1; percent <= 99 && n > 0; ++percent) {
    const double threshold = percent / 100.0, odds = threshold / (1 - threshold);
    double hits = 0, alarms = 0;
    for (const ScoreCount& c : counts) {
      if (c.score < threshold) break;
      hits += static_cast<double>(c.positives);
      alarms += static_cast<double>(c.negatives);
    }
    out.push_back({threshold, hits / n - alarms / n * odds, positives / n - (n - positives) / n * odds});
  }
  return out;
}

}  // namespace microtome
