// SPDX-License-Identifier: Apache-2.0
// The same measures for each level of a column (sex, site, scanner), and the gaps between levels.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mil/evaluation/bootstrap.h"
#include "mil/evaluation/fairness.h"
#include "mil/evaluation/judged.h"

namespace microtome {

inline constexpr int kFewestPatientsOfClass = 5;  // of a level that is reported, in at least two classes

struct SubgroupLevel {
  std::string name;
  std::int64_t rows = 0, patients = 0;
  std::string suppressed;       // why there are no metrics; "" otherwise
  std::vector<Metric> metrics;  // measure() of its rows
};

struct Subgroups {
  std::string column;
  std::vector<SubgroupLevel> levels;  // by name
  std::vector<Gap> gaps;              // between the levels that are reported
  std::string why_no_gaps;
  std::string worst_level;  // the lowest AUC of the reported levels; "" when fewer than two have one
};

/// `level_of_row`: (N) texts; "" is a level of its own, "(not given)". Levels with fewer than 20 patients, or without five patients of each
/// of two classes, are suppressed: their numbers would be noise, and might point at a person. Patients are counted in every level they have
/// rows in.
Subgroups judge_subgroups(const Judged& judged, const std::string& column, const std::vector<std::string>& level_of_row,
                          const BootstrapSettings& settings);

}  // namespace microtome
