// SPDX-License-Identifier: Apache-2.0
#include "mil/evaluation/levels.h"

#include <algorithm>
#include <map>
#include <random>

namespace microtome {
namespace {

/// Levels of the units that are permuted: patients where each has one level, else rows. `unit`: whose level a row takes.
struct Units {
  std::vector<int> level, unit;
};

Units units_of(const std::vector<int>& patient, const std::vector<int>& level) {
  const int patients = patient.empty() ? 0 : *std::max_element(patient.begin(), patient.end()) + 1;
  Units of_patients{std::vector<int>(static_cast<std::size_t>(patients), -2), patient}, rows{level, {}};
  bool whole = true;
  for (std::size_t r = 0; r < level.size(); ++r) {
    rows.unit.push_back(static_cast<int>(r));
    int& seen = of_patients.level[static_cast<std::size_t>(patient[r])];
    whole &= seen == -2 || seen == level[r];
    seen = level[r];
  }
  return whole ? of_patients : rows;
}

/// Fisher-Yates among the units that have a level.
void permute(std::vector<int>& level, std::mt19937_64& engine) {
  std::vector<std::size_t> there;
  for (std::size_t u = 0; u < level.size(); ++u)
    if (level[u] >= 0) there.push_back(u);
  for (std::size_t i = there.size(); i > 1; --i) std::swap(level[there[i - 1]], level[there[draw_below(engine, i)]]);
}

}  // namespace

std::vector<LevelRows> rows_by_level(const std::vector<std::string>& level_of_row) {
  std::map<std::string, std::vector<std::size_t>> rows_of;
  for (std::size_t r = 0; r < level_of_row.size(); ++r) rows_of[level_of_row[r]].push_back(r);
  std::vector<LevelRows> out;
  for (auto& [name, rows] : rows_of) out.push_back({name.empty() ? "(not given)" : name, std::move(rows)});
  return out;
}

std::string why_too_few(int patients) {
  return patients < kFewestPatients ? "fewer than " + std::to_string(kFewestPatients) + " patients" : "";
}

std::vector<Gap> permuted_gaps(const std::vector<std::string>& names, const std::vector<int>& patient, const std::vector<int>& level,
                               const Distances& distances, const std::string& reason, const BootstrapSettings& settings) {
  const Values seen = distances(level);
  std::vector<int> as_large(names.size()), defined(names.size());
  std::mt19937_64 engine(settings.seed);
  Units units = units_of(patient, level);
  std::vector<int> drawn(level.size());
  const bool any = std::any_of(seen.begin(), seen.end(), [](const auto& v) { return v.has_value(); });
  for (int b = 0; any && b < settings.resamples; ++b) {
    permute(units.level, engine);
    for (std::size_t r = 0; r < level.size(); ++r) drawn[r] = units.level[static_cast<std::size_t>(units.unit[r])];
    const Values chance = distances(drawn);
    for (std::size_t k = 0; k < names.size(); ++k) {
      defined[k] += chance[k].has_value();
      as_large[k] += chance[k] && seen[k] && *chance[k] >= *seen[k] - 1e-12;
    }
  }
  std::vector<Gap> out;
  for (std::size_t k = 0; k < names.size(); ++k) {
    out.push_back({names[k], seen[k], {}, seen[k] ? "" : reason});
    if (seen[k]) out.back().p = (1.0 + as_large[k]) / (1.0 + defined[k]);
  }
  return out;
}

}  // namespace microtome
