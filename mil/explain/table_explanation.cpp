// SPDX-License-Identifier: Apache-2.0
#include "mil/explain/table_explanation.h"

#include <algorithm>
#include <cmath>

#include "mil/aggregators/slide_model.h"

namespace microtome {
namespace {

constexpr std::size_t kTold = 20;

}  // namespace

TableExplanation mean_of(const std::vector<TableExplanation>& members) {
  TableExplanation mean = members.front();
  const double share = 1.0 / static_cast<double>(members.size());
  for (std::size_t m = 0; m < mean.shares.size(); ++m) {
    if (!mean.shares[m]) continue;
    mean.shares[m] = 0;
    for (const TableExplanation& one : members) *mean.shares[m] += share * *one.shares[m];
  }
  for (std::size_t m = 0; m < mean.features.size(); ++m)
    for (std::size_t f = 0; f < mean.features[m].size(); ++f) {
      mean.features[m][f] = 0;
      for (const TableExplanation& one : members) mean.features[m][f] += share * one.features[m][f];
    }
  for (const TableExplanation& one : members) mean.completeness_gap = std::max(mean.completeness_gap, one.completeness_gap);
  return mean;
}

void tell_explanation(const TableExplanation& explanation, const ModelCard& card, const std::vector<TableRow>& tables, Prediction& prediction) {
  for (std::size_t m = 0; m < prediction.modalities.size(); ++m) prediction.modalities[m].share = explanation.shares[m];
  if (explanation.features.empty()) return;
  prediction.completeness_gap = explanation.completeness_gap;
  for (std::size_t m = 0; m < explanation.features.size(); ++m) {
    const auto& shares = explanation.features[m];
    std::vector<FeatureShare> all;
    for (std::size_t f = 0; f < shares.size(); ++f) all.push_back({card.modalities[m].name, card.modalities[m].features[f], tables[m].values[f], shares[f]});
    const std::size_t told = std::min(kTold, all.size());
    const auto larger = [](const FeatureShare& a, const FeatureShare& b) { return std::abs(a.share) > std::abs(b.share); };
    std::stable_sort(all.begin(), all.end(), larger);
    prediction.features.insert(prediction.features.end(), all.begin(), all.begin() + static_cast<std::ptrdiff_t>(told));
  }
  std::stable_sort(prediction.features.begin(), prediction.features.end(),
                   [](const FeatureShare& a, const FeatureShare& b) { return std::abs(a.share) > std::abs(b.share); });
}

}  // namespace microtome
