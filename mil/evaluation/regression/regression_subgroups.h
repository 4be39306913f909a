// SPDX-License-Identifier: Apache-2.0
// The same measures of predicted numbers for each level of a column (sex, site, scanner), and how far levels lie apart.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mil/evaluation/levels.h"
#include "mil/evaluation/regression/regression_measures.h"

namespace microtome {

struct RegressionLevel {
  std::string name;
  std::int64_t rows = 0, patients = 0;
  std::string suppressed;       // why there are no metrics; "" otherwise
  std::vector<Metric> metrics;  // measure_regression() of its rows
};

struct RegressionSubgroups {
  std::string column;
  std::vector<RegressionLevel> levels;  // by name
  Gap gap;                              // largest distance of mae between two reported levels, levels permuted among patients
  std::string worst_level;              // the highest mae of the reported levels; "" when fewer than two are reported
};

/// `level_of_row`: (N) texts; "" is a level of its own, "(not given)". Levels with fewer than 20 patients are suppressed. Patients are
/// counted in every level they have rows in. Cost: a measure_regression a level, and settings.resamples times N.
RegressionSubgroups judge_regression_subgroups(const JudgedRegression& judged, const std::string& column,
                                               const std::vector<std::string>& level_of_row, const BootstrapSettings& settings);

}  // namespace microtome
