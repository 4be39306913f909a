// SPDX-License-Identifier: Apache-2.0
// Levels of a column (sex, site, scanner), whatever is judged: whose rows they are, which are too small to tell, how far apart they lie.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "mil/evaluation/bootstrap.h"
#include "mil/evaluation/values.h"

namespace microtome {

inline constexpr int kFewestPatients = 20;  // of a level that is reported: fewer are noise, and might point at a person

struct LevelRows {
  std::string name;  // "(not given)" for ""
  std::vector<std::size_t> rows;
};
/// By name. `level_of_row`: (N) texts; "" is a level of its own.
std::vector<LevelRows> rows_by_level(const std::vector<std::string>& level_of_row);

/// "fewer than 20 patients"; "" where there are enough.
std::string why_too_few(int patients);

/// The level whose first metric is the lowest, or with `highest` the highest; "" when fewer than two levels have one.
template <class Level>
std::string worst_level(const std::vector<Level>& levels, bool highest = false) {
  const Level* worst = nullptr;
  int compared = 0;
  for (const Level& level : levels) {
    if (level.metrics.empty() || !level.metrics.front().value) continue;
    ++compared;
    const double value = *level.metrics.front().value;
    if (!worst || (highest ? value > *worst->metrics.front().value : value < *worst->metrics.front().value)) worst = &level;
  }
  return compared < 2 ? "" : worst->name;
}

/// The largest distance between two levels. `p`: the share of permutations of the levels among patients with a gap at least as large.
struct Gap {
  std::string name;
  std::optional<double> value, p;
  std::string reason;  // where there is no value
};

/// K distances between levels, of a level for each row (-1: left out).
using Distances = std::function<Values(const std::vector<int>& level)>;

/// One gap a name. Permutes `level` (N) among patients where every patient has one, else among rows; rows left out stay out. `patient`: (N)
/// 0 .. patients-1. `reason`: why a distance may not exist. Cost: settings.resamples calls.
std::vector<Gap> permuted_gaps(const std::vector<std::string>& names, const std::vector<int>& patient, const std::vector<int>& level,
                               const Distances& distances, const std::string& reason, const BootstrapSettings& settings);

}  // namespace microtome
