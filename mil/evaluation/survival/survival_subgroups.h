// SPDX-License-Identifier: Apache-2.0
// The same measures of survival for each level of a column (sex, site, scanner), and how far levels lie apart.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mil/evaluation/levels.h"
#include "mil/evaluation/survival/survival_measures.h"

namespace microtome {

inline constexpr int kFewestEvents = 10;  // patients with an event of a level that is reported

struct SurvivalLevel {
  std::string name;
  std::int64_t patients = 0, events = 0;
  std::string suppressed;       // why there are no metrics; "" otherwise
  std::vector<Metric> metrics;  // measure_survival() of its patients
};

struct SurvivalSubgroups {
  std::string column;
  std::vector<SurvivalLevel> levels;  // by name
  Gap gap;                            // largest distance of c_harrell between two reported levels, levels permuted among patients
  std::string worst_level;            // the lowest c_harrell of the reported levels; "" when fewer than two have one
};

/// `level_of_row`: (N) texts; "" is a level of its own, "(not given)". Levels with fewer than 20 patients or 10 events are suppressed:
/// their numbers would be noise, and might point at a person. Cost: a measure_survival a level, and settings.resamples c-indices.
SurvivalSubgroups judge_survival_subgroups(const JudgedSurvival& judged, const SurvivalTimes& times, const std::string& column,
                                           const std::vector<std::string>& level_of_row, const BootstrapSettings& settings);

}  // namespace microtome
