// SPDX-License-Identifier: Apache-2.0
#include "pipeline/inputs/training_labels.h"

#include <fmt/format.h>

#include <algorithm>

#include "mil/genomics/join.h"
#include "pipeline/config.h"
#include "pipeline/inputs/delimited_table.h"
#include "pipeline/inputs/follow_up_table.h"

namespace microtome {

namespace fs = std::filesystem;

TrainingLabels TrainingLabels::classes(const fs::path& path) {
  const DelimitedTable table = read_delimited(path);
  const auto slide = table.column("slide_id"), patient = table.column("patient_id"), label = table.column("label"), site = table.column("site");
  if (!label || !(slide || patient)) {
    throw ConfigError(fmt::format("{}: wanted the columns label and slide_id or patient_id in the header row", path.string()));
  }
  TrainingLabels out;
  std::set<std::string> names;
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    const auto& row = table.rows[r];
    if (row[*label].empty()) continue;
    const std::string id = row[slide ? *slide : *patient];
    const TrainingLabel one{patient ? row[*patient] : "", site ? row[*site] : "", row[*label], 0, 0, false};
    if (!(slide ? out.by_slide_ : out.by_patient_).emplace(id, one).second) {
      throw ConfigError(fmt::format("{}: row {}: wanted each id once, '{}' is there twice", path.string(), r + 2, id));
    }
    names.insert(one.text);
  }
  if (names.size() < 2) throw ConfigError(fmt::format("{}: wanted at least two different labels, got {}", path.string(), names.size()));
  out.class_names_.assign(names.begin(), names.end());
  for (auto* labels : {&out.by_slide_, &out.by_patient_})
    for (auto& [id, one] : *labels) one.index = static_cast<int>(std::find(out.class_names_.begin(), out.class_names_.end(), one.text) - out.class_names_.begin());
  return out;
}

TrainingLabels TrainingLabels::followed(const fs::path& path, const std::string& censorship) {
  const bool has_site = read_delimited(path).column("site").has_value();
  const FollowUpTable table = read_follow_up(path, true, has_site ? std::vector<std::string>{"site"} : std::vector<std::string>{}, censorship);
  TrainingLabels out;
  for (const auto& [id, row] : table.rows) {
    const TrainingLabel one{row.patient_id, has_site ? row.levels.front() : "", fmt::format("{} {}", row.months, row.event), row.event ? 1 : 0, row.months, row.event};
    (table.by_slide ? out.by_slide_ : out.by_patient_).emplace(id, one);
  }
  out.class_names_ = {"risk"};
  return out;
}

const TrainingLabel* TrainingLabels::find(const std::string& slide_id) const {
  if (const auto found = by_slide_.find(slide_id); found != by_slide_.end()) return &found->second;
  const auto patient = tcga_patient(slide_id);
  const auto found = by_patient_.find(patient.value_or(slide_id));
  return found == by_patient_.end() ? nullptr : &found->second;
}

std::vector<std::string> TrainingLabels::unused(const std::set<const TrainingLabel*>& used) const {
  std::vector<std::string> ids;
  for (const auto* labels : {&by_slide_, &by_patient_})
    for (const auto& [id, label] : *labels)
      if (!used.contains(&label)) ids.push_back(id);
  return ids;
}

}  // namespace microtome
