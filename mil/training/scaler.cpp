// SPDX-License-Identifier: Apache-2.0
// Two passes in double: the short formula loses the spread of features with a large mean.
#include "mil/training/scaler.h"

#include <cmath>
#include <set>

namespace microtome {
namespace {

// A spread below the resolution of float32 is rounding, not signal.
constexpr double resolution = 1e-7;

/// Rows of `columns` floats.
struct Rows {
  const float* first = nullptr;
  std::size_t count = 0;
};

/// Adds value(column, x) of every finite entry to sum[column] and counts it.
template <class Value>
std::vector<double> column_means(const std::vector<Rows>& blocks, std::size_t columns, Value value) {
  std::vector<double> sum(columns, 0.0);
  std::vector<double> count(columns, 0.0);
  for (const auto& block : blocks)
    for (std::size_t i = 0; i < block.count * columns; ++i) {
      if (!std::isfinite(block.first[i])) continue;
      sum[i % columns] += value(i % columns, block.first[i]);
      count[i % columns] += 1;
    }
  for (std::size_t c = 0; c < columns; ++c) sum[c] = count[c] > 0 ? sum[c] / count[c] : 0.0;
  return sum;
}

Scaler fit(const std::vector<Rows>& blocks, std::size_t columns) {
  Scaler scaler;
  scaler.mean = column_means(blocks, columns, [](std::size_t, double x) { return x; });
  scaler.scale = column_means(blocks, columns, [&](std::size_t c, double x) { return (x - scaler.mean[c]) * (x - scaler.mean[c]); });
  for (std::size_t c = 0; c < columns; ++c) {
    const double spread = std::sqrt(scaler.scale[c]);
    scaler.scale[c] = spread > resolution * std::abs(scaler.mean[c]) ? spread : 1.0;
  }
  return scaler;
}

}  // namespace

Scaler fit_feature_scaler(const std::vector<const TrainingSlide*>& slides) {
  std::vector<Rows> blocks;
  for (const auto* slide : slides) blocks.push_back({slide->bag.features.data(), static_cast<std::size_t>(slide->bag.tiles())});
  return fit(blocks, static_cast<std::size_t>(slides.front()->bag.feature_dim));
}

Scaler fit_gene_scaler(const std::vector<const TrainingSlide*>& slides, std::size_t genes) {
  std::vector<Rows> blocks;
  std::set<std::string> seen;
  for (const auto* slide : slides)
    if (slide->genomic.present && seen.insert(slide->patient_id).second) blocks.push_back({slide->genomic.values.data(), 1});
  return fit(blocks, genes);
}

}  // namespace microtome
