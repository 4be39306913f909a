// SPDX-License-Identifier: Apache-2.0
#include "pipeline/inputs/label_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "pipeline/config.h"
#include "pipeline/inputs/row_identity.h"

namespace microtome {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void refuse(const fs::path& path, const std::string& sentence) {
  throw InputError(fmt::format("{}: {}", path.string(), sentence));
}

/// Where a row of the table came from.
struct Place {
  const fs::path& path;
  std::size_t line;
  const std::string& id;
};

/// Several slides of a patient, where rows are patients: labels that do not contradict each other, and levels that they agree on.
void merge(const Place& place, const std::vector<std::string>& columns, LabelledRow& into, const LabelledRow& row) {
  for (std::size_t l = 0; l < into.labels.size(); ++l) {
    if (into.labels[l].empty()) into.labels[l] = row.labels[l];
    if (!row.labels[l].empty() && into.labels[l] != row.labels[l])
      refuse(place.path, fmt::format("row {}: wanted one {} for patient {}, got '{}' and '{}': give predictions by slide_id", place.line,
                                     columns[l], place.id, into.labels[l], row.labels[l]));
  }
  for (std::size_t k = 0; k < into.levels.size(); ++k)
    if (into.levels[k] != row.levels[k]) into.levels[k] = "(several)";
}

std::vector<std::string> chosen(const std::vector<std::string>& cells, const std::vector<std::size_t>& columns) {
  std::vector<std::string> out;
  for (const std::size_t at : columns) out.push_back(cells[at]);
  return out;
}

}  // namespace

bool LabelledRow::known() const {
  return std::any_of(labels.begin(), labels.end(), [](const std::string& label) { return !label.empty(); });
}

std::size_t LabelTable::known() const {
  return static_cast<std::size_t>(std::count_if(rows.begin(), rows.end(), [](const auto& entry) { return entry.second.known(); }));
}

LabelTable label_table(const fs::path& path, const DelimitedTable& table, bool of_slides, const std::vector<std::size_t>& label_columns,
                       const std::vector<std::string>& subgroup_columns, LabelRows rows) {
  const auto slide = table.column("slide_id"), patient = table.column("patient_id");
  if (!of_slides && !patient) refuse(path, "wanted a column patient_id, as the predictions are of patients: add it");
  const auto levels = find_columns(table, path, "--evaluate.subgroups", subgroup_columns);
  const auto names = chosen(table.columns, label_columns);
  LabelTable out;
  out.by_slide = of_slides && slide;
  out.has_patients = out.by_slide && patient;
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    const auto& cells = table.rows[r];
    const LabelledRow row{chosen(cells, label_columns), out.has_patients ? cells[*patient] : "", chosen(cells, levels)};
    if (rows == LabelRows::known && !row.known()) continue;
    const std::string& id = cells[out.by_slide ? *slide : *patient];
    const auto [there, fresh] = out.rows.emplace(id, row);
    if (fresh) continue;
    if (out.by_slide || !slide) refuse(path, fmt::format("row {}: wanted each id once, '{}' is there twice: leave one out", r + 2, id));
    merge({path, r + 2, id}, names, there->second, row);
  }
  return out;
}

}  // namespace microtome
