// SPDX-License-Identifier: Apache-2.0
#include "pipeline/inputs/training_labels.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>

#include "mil/genomics/join.h"
#include "pipeline/config.h"
#include "pipeline/inputs/delimited_table.h"
#include "pipeline/inputs/follow_up_table.h"
#include "pipeline/inputs/multilabel_set.h"
#include "pipeline/inputs/value_table.h"

namespace microtome {

namespace fs = std::filesystem;
namespace {

std::vector<std::string> site_column(const DelimitedTable& table) { return table.column("site") ? std::vector<std::string>{"site"} : std::vector<std::string>{}; }

}  // namespace

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
    const TrainingLabel one{patient ? row[*patient] : "", site ? row[*site] : "", row[*label], 0, 0, false, {}, 0};
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

TrainingLabels TrainingLabels::marks(const fs::path& path, std::vector<std::string> names) {
  const DelimitedTable table = read_judged_table(path);
  const auto levels = site_column(table);
  TrainingLabels out;
  out.class_names_ = names.empty() ? label_names(table) : std::move(names);
  const LabelTable known = known_labels(path, out.class_names_, levels);
  for (const auto& [id, row] : known.rows) {
    TrainingLabel one{row.patient_id, levels.empty() ? "" : row.levels.front(), fmt::format("{}", fmt::join(row.labels, ";")), 0, 0, false, {}, 0};
    for (const std::string& cell : row.labels) one.marks.push_back(cell.empty() ? std::numeric_limits<float>::quiet_NaN() : cell == "1" ? 1.0F : 0.0F);
    (known.by_slide ? out.by_slide_ : out.by_patient_).emplace(id, std::move(one));
  }
  if (known.rows.empty()) throw InputError(fmt::format("{}: wanted 1 or 0 under a column label_<name>, all cells are empty", path.string()));
  return out;
}

TrainingLabels TrainingLabels::values(const fs::path& path, const std::string& column) {
  const auto levels = site_column(read_judged_table(path));
  const KnownValues known = read_known_values(path, true, levels, column, "--data.target");
  TrainingLabels out;
  out.class_names_ = {column};
  for (const auto& [id, row] : known.rows)
    (known.by_slide ? out.by_slide_ : out.by_patient_)
        .emplace(id, TrainingLabel{row.patient_id, levels.empty() ? "" : row.levels.front(), fmt::format("{}", row.value), 0, 0, false, {}, row.value});
  if (known.rows.empty()) throw InputError(fmt::format("{}: wanted numbers under {}, all cells are empty", path.string(), column));
  return out;
}

TrainingLabels TrainingLabels::followed(const fs::path& path, const std::string& censorship) {
  const auto levels = site_column(read_delimited(path));
  const FollowUpTable table = read_follow_up(path, true, levels, censorship);
  TrainingLabels out;
  for (const auto& [id, row] : table.rows) {
    const TrainingLabel one{row.patient_id, levels.empty() ? "" : row.levels.front(), fmt::format("{} {}", row.months, row.event), row.event ? 1 : 0, row.months, row.event, {}, 0};
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
