// SPDX-License-Identifier: Apache-2.0
#include "pipeline/inputs/training_labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>

#include "mil/genomics/join.h"
#include "pipeline/config.h"
#include "pipeline/inputs/delimited_table.h"
#include "pipeline/inputs/follow_up_table.h"

namespace microtome {

namespace fs = std::filesystem;

/// A table, and who its rows are.
struct TrainingLabels::Rows {
  /// `wanted`: the other columns, in words, for who lacks an id.
  Rows(const fs::path& file, const std::string& wanted) : path(file), table(read_delimited(file)), slide(table.column("slide_id")), patient(table.column("patient_id")), site(table.column("site")) {
    if (!slide && !patient) refuse(wanted);
  }
  [[noreturn]] void refuse(const std::string& wanted) const {
    throw ConfigError(fmt::format("{}: wanted the columns {} and slide_id or patient_id in the header row", path.string(), wanted));
  }
  const std::string& id(std::size_t r) const { return table.rows[r][slide ? *slide : *patient]; }
  [[noreturn]] void refuse_cell(std::size_t r, std::size_t column, const std::string& wanted) const {
    throw ConfigError(fmt::format("{}: row {} ({}): wanted {} under {}, got '{}': correct it, or leave it empty where it is not known", path.string(), r + 2, id(r), wanted,
                                  table.columns[column], table.rows[r][column]));
  }

  fs::path path;
  DelimitedTable table;
  std::optional<std::size_t> slide, patient, site;
};

void TrainingLabels::add(const Rows& rows, std::size_t r, TrainingLabel label) {
  const auto& row = rows.table.rows[r];
  label.patient_id = rows.patient ? row[*rows.patient] : "";
  label.site = rows.site ? row[*rows.site] : "";
  if (!(rows.slide ? by_slide_ : by_patient_).emplace(rows.id(r), std::move(label)).second)
    throw ConfigError(fmt::format("{}: row {}: wanted each id once, '{}' is there twice", rows.path.string(), r + 2, rows.id(r)));
}

TrainingLabels TrainingLabels::classes(const fs::path& path) {
  const Rows rows(path, "label");
  const auto column = rows.table.column("label");
  if (!column) rows.refuse("label");
  TrainingLabels out;
  std::set<std::string> names;
  for (std::size_t r = 0; r < rows.table.rows.size(); ++r) {
    TrainingLabel one;
    one.text = rows.table.rows[r][*column];
    if (one.text.empty()) continue;
    names.insert(one.text);
    out.add(rows, r, std::move(one));
  }
  if (names.size() < 2) throw ConfigError(fmt::format("{}: wanted at least two different labels, got {}", path.string(), names.size()));
  out.class_names_.assign(names.begin(), names.end());
  for (auto* labels : {&out.by_slide_, &out.by_patient_})
    for (auto& [id, one] : *labels) one.index = static_cast<int>(std::find(out.class_names_.begin(), out.class_names_.end(), one.text) - out.class_names_.begin());
  return out;
}

TrainingLabels TrainingLabels::marks(const fs::path& path) {
  constexpr std::string_view prefix = "label_";
  const std::string wanted = "label_<name> (1, 0 or empty)";
  const Rows rows(path, wanted);
  std::vector<std::size_t> columns;
  TrainingLabels out;
  for (std::size_t c = 0; c < rows.table.columns.size(); ++c) {
    const std::string& name = rows.table.columns[c];
    if (!name.starts_with(prefix) || name.size() == prefix.size()) continue;
    columns.push_back(c);
    out.class_names_.push_back(name.substr(prefix.size()));
  }
  if (columns.empty()) rows.refuse(wanted);
  if (std::set<std::string>(out.class_names_.begin(), out.class_names_.end()).size() < columns.size())
    throw ConfigError(fmt::format("{}: wanted each column label_<name> once: one is there twice", path.string()));
  for (std::size_t r = 0; r < rows.table.rows.size(); ++r) {
    TrainingLabel one;
    for (const std::size_t c : columns) {
      const std::string& cell = rows.table.rows[r][c];
      if (!cell.empty() && cell != "0" && cell != "1") rows.refuse_cell(r, c, "0 or 1");
      one.marks.push_back(cell.empty() ? std::numeric_limits<float>::quiet_NaN() : cell == "1" ? 1.0F : 0.0F);
      one.text += cell + ";";
    }
    if (one.text.size() > columns.size()) out.add(rows, r, std::move(one));
  }
  if (out.by_slide_.empty() && out.by_patient_.empty()) throw ConfigError(fmt::format("{}: wanted 1 or 0 under a column label_<name>, all are empty", path.string()));
  return out;
}

TrainingLabels TrainingLabels::values(const fs::path& path, const std::string& column) {
  const Rows rows(path, column);
  const auto at = rows.table.column(column);
  if (!at) rows.refuse(column + " (or another that --data.target names)");
  TrainingLabels out;
  out.class_names_ = {column};
  for (std::size_t r = 0; r < rows.table.rows.size(); ++r) {
    TrainingLabel one;
    one.text = rows.table.rows[r][*at];
    if (one.text.empty()) continue;
    const auto [end, error] = std::from_chars(one.text.data(), one.text.data() + one.text.size(), one.value);
    if (error != std::errc() || end != one.text.data() + one.text.size() || !std::isfinite(one.value)) rows.refuse_cell(r, *at, "a finite number");
    out.add(rows, r, std::move(one));
  }
  if (out.by_slide_.empty() && out.by_patient_.empty()) throw ConfigError(fmt::format("{}: wanted numbers under {}, all cells are empty", path.string(), column));
  return out;
}

TrainingLabels TrainingLabels::followed(const fs::path& path, const std::string& censorship) {
  const bool has_site = read_delimited(path).column("site").has_value();
  const FollowUpTable table = read_follow_up(path, true, has_site ? std::vector<std::string>{"site"} : std::vector<std::string>{}, censorship);
  TrainingLabels out;
  for (const auto& [id, row] : table.rows) {
    const TrainingLabel one{row.patient_id, has_site ? row.levels.front() : "", fmt::format("{} {}", row.months, row.event), row.event ? 1 : 0, row.months, row.event, {}, 0};
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
