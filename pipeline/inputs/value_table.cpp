// SPDX-License-Identifier: Apache-2.0
#include "pipeline/inputs/value_table.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <optional>

#include "pipeline/config.h"
#include "pipeline/inputs/prediction_table.h"

namespace microtome {
namespace fs = std::filesystem;
namespace {

constexpr double kLargest = 1e100;  // squares of larger numbers have no place in a double

[[noreturn]] void refuse(const fs::path& path, const std::string& sentence) {
  throw InputError(fmt::format("{}: {}", path.string(), sentence));
}

/// `what_else`: to do with a row that has no number.
double number(const fs::path& path, const RowIdentity& row, const std::string& column, const std::string& text, const char* what_else) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    refuse_row(path, row, fmt::format("wanted a number under {}, got '{}': {}", column, text, what_else));
  if (std::abs(value) > kLargest)
    refuse_row(path, row, fmt::format("wanted a number of at most {:g} under {}, got {}: is the cell damaged?", kLargest, column, text));
  return value;
}

/// Of one task only.
bool has_values(const fs::path& path, const DelimitedTable& table) {
  if (!table.column(kValueColumn)) return false;
  for (const std::string& name : table.columns)
    if (name == "risk" || name.starts_with("prob_"))
      refuse(path, fmt::format("wanted predictions of one task, got the columns value and {}: leave one out", name));
  return true;
}

/// Where the columns of labels are.
struct Columns {
  std::optional<std::size_t> slide, patient;
  std::size_t id = 0, value = 0;
  std::vector<std::size_t> levels;
};

Columns columns_of(const DelimitedTable& table, const fs::path& path, bool of_slides, const std::vector<std::string>& subgroups,
                   const std::string& target, const std::string& option) {
  Columns out{table.column("slide_id"), table.column("patient_id"), 0, 0, {}};
  if (target == kValueColumn && !table.column(target))
    refuse(path,
           fmt::format("wanted a column value in the header row, for the known numbers: name theirs with {}, or add it", option));
  out.value = find_columns(table, path, option, {target}).front();
  require_id_column(path, table);
  if (!of_slides && !out.patient) refuse(path, "wanted a column patient_id, as the predictions are of patients: add it");
  out.id = of_slides && out.slide ? *out.slide : *out.patient;
  out.levels = find_columns(table, path, "--evaluate.subgroups", subgroups);
  return out;
}

/// Several slides of a patient, where rows are patients: one number, and levels that they agree on.
void merge(const fs::path& path, const std::string& id, KnownRow& into, const KnownRow& row) {
  if (into.value != row.value)
    refuse(path, fmt::format("row {}: wanted one value for patient {}, got {} and in row {} {}: give predictions by slide_id", row.line, id,
                             row.value, into.line, into.value));
  for (std::size_t k = 0; k < into.levels.size(); ++k)
    if (into.levels[k] != row.levels[k]) into.levels[k] = "(several)";
}

}  // namespace

bool predicts_value(const fs::path& path) { return has_values(path, read_judged_table(path)); }

ValueTable read_values(const fs::path& path) {
  const DelimitedTable table = read_judged_table(path);
  require_id_column(path, table);
  if (!has_values(path, table))
    refuse(path, "wanted a column value as the first model's predictions have, got none: compare models of one task");
  ValueTable out;
  out.of_slides = table.column("slide_id").has_value();
  out.has_patients = out.of_slides && table.column("patient_id");
  const std::size_t at = *table.column(kValueColumn);
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    ValueRow& row = out.rows.emplace_back(ValueRow{read_identity(path, table, r), 0});
    row.value = number(path, row, kValueColumn, table.rows[r][at], "leave the row out if there is no prediction");
  }
  sort_by_id(path, out.rows);
  return out;
}

KnownValues read_known_values(const fs::path& path, bool of_slides, const std::vector<std::string>& subgroup_columns,
                              const std::string& target, const std::string& option) {
  const DelimitedTable table = read_judged_table(path);
  const Columns columns = columns_of(table, path, of_slides, subgroup_columns, target, option);
  KnownValues out;
  out.by_slide = of_slides && columns.slide;
  out.has_patients = out.by_slide && columns.patient;
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    const auto& cells = table.rows[r];
    const std::string& id = cells[columns.id];
    if (cells[columns.value].empty()) {
      out.without_value.insert(id);
      continue;
    }
    const RowIdentity identity{id, out.has_patients ? cells[*columns.patient] : "", {}, r + 2};
    KnownRow row{
        number(path, identity, target, cells[columns.value], "leave the cell empty if it is not known"), identity.patient_id, {}, r + 2};
    for (const std::size_t at : columns.levels) row.levels.push_back(cells[at]);
    const auto [there, fresh] = out.rows.emplace(id, row);
    if (fresh) continue;
    if (out.by_slide || !columns.slide)
      refuse(path, fmt::format("row {}: wanted each id once, '{}' is there twice: leave one out", r + 2, id));
    merge(path, id, there->second, row);
  }
  for (const auto& [id, row] : out.rows) out.without_value.erase(id);
  return out;
}

}  // namespace microtome
