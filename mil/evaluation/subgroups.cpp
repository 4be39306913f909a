// SPDX-License-Identifier: Apache-2.0
#include "mil/evaluation/subgroups.h"

#include <fmt/format.h>

#include <algorithm>

#include "mil/evaluation/classification.h"

namespace microtome {
namespace {

std::string why_suppressed(const Judged& level) {
  if (const std::string few = why_too_few(level.patients()); !few.empty()) return few;
  std::vector<int> of_class(level.classes.size(), 0);
  for (const int c : level.patients_class()) ++of_class[static_cast<std::size_t>(c)];
  if (std::count_if(of_class.begin(), of_class.end(), [](int n) { return n >= kFewestPatientsOfClass; }) >= 2) return "";
  return level.binary() ? fmt::format("fewer than {} patients of one class", kFewestPatientsOfClass)
                        : fmt::format("fewer than {} patients in all classes but one", kFewestPatientsOfClass);
}

SubgroupLevel judge_level(const Judged& rows, const std::string& name, const BootstrapSettings& settings) {
  SubgroupLevel out;
  out.name = name;
  out.rows = static_cast<std::int64_t>(rows.rows());
  out.patients = rows.patients();
  out.suppressed = why_suppressed(rows);
  if (out.suppressed.empty()) out.metrics = measure(rows, settings);
  return out;
}

}  // namespace

Subgroups judge_subgroups(const Judged& judged, const std::string& column, const std::vector<std::string>& level_of_row,
                          const BootstrapSettings& settings) {
  Subgroups out;
  out.column = column;
  std::vector<int> level(judged.rows(), -1);
  int reported = 0;
  for (const auto& [name, rows] : rows_by_level(level_of_row)) {
    out.levels.push_back(judge_level(judged.select(rows), name, settings));
    if (!out.levels.back().suppressed.empty()) continue;
    for (const std::size_t r : rows) level[r] = reported;
    ++reported;
  }
  out.worst_level = worst_level(out.levels);  // the AUC comes first
  if (!judged.binary())
    out.why_no_gaps = "gaps are defined for two classes";
  else if (reported < 2)
    out.why_no_gaps = "fewer than two levels are reported";
  else
    out.gaps = fairness_gaps(judged, level, reported, settings);
  return out;
}

}  // namespace microtome
