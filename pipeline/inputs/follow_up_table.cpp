// SPDX-License-Identifier: Apache-2.0
#include "pipeline/inputs/follow_up_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <optional>

#include "pipeline/config.h"
#include "pipeline/inputs/prediction_table.h"

namespace microtome {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void refuse(const fs::path& path, const std::string& sentence) {
  throw InputError(fmt::format("{}: {}", path.string(), sentence));
}

/// Where the columns are.
struct Columns {
  std::optional<std::size_t> slide, patient;
  std::size_t id = 0, time = 0, event = 0;
  bool censorship = false;  // event holds 1 = censored
  std::vector<std::size_t> levels;
};

/// A column that seems to say 1 = censored.
std::optional<std::string> seems_opposite(const DelimitedTable& table) {
  for (const std::string& name : table.columns) {
    std::string lower;
    for (const char c : name) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (lower.starts_with("censor")) return name;
  }
  return std::nullopt;
}

void require_columns(const DelimitedTable& table, const fs::path& path) {
  std::vector<std::string> missing;
  if (!table.column("time")) missing.push_back("time");
  if (!table.column("event")) missing.push_back("event");
  if (!table.column("slide_id") && !table.column("patient_id")) missing.push_back("slide_id or patient_id");
  if (!missing.empty())
    refuse(path,
           fmt::format("wanted the columns time (months), event (1 = event, 0 = censored) and slide_id or patient_id in the header row, "
                       "as the predictions are risks: {} is missing: add it, or rename a column",
                       fmt::join(missing, " and ")));
}

Columns columns_of(const DelimitedTable& table, const fs::path& path, bool of_slides, const std::vector<std::string>& subgroups,
                   const std::string& censorship) {
  Columns out;
  out.censorship = !censorship.empty();
  const auto opposite = seems_opposite(table);
  if (out.censorship) {
    out.event = find_columns(table, path, "--evaluate.censorship", {censorship}).front();
  } else if (const auto event = table.column("event")) {
    out.event = *event;
  } else if (opposite) {
    refuse(path,
           fmt::format("wanted a column event (1 = event, 0 = censored), got {0}, whose name says the opposite polarity (1 = censored, 0 "
                       "= event): give --evaluate.censorship {0} if that is so, or rename it event if 1 is the event",
                       *opposite));
  }
  if (!out.censorship || !table.column("time") || !(table.column("slide_id") || table.column("patient_id"))) require_columns(table, path);
  out.time = *table.column("time");
  out.slide = table.column("slide_id");
  out.patient = table.column("patient_id");
  if (!of_slides && !out.patient) refuse(path, "wanted a column patient_id, as the predictions are of patients: add it");
  out.id = of_slides && out.slide ? *out.slide : *out.patient;
  out.levels = find_columns(table, path, "--evaluate.subgroups", subgroups);
  return out;
}

[[noreturn]] void refuse_cell(const fs::path& path, std::size_t line, const std::string& id, const std::string& sentence) {
  refuse(path, fmt::format("row {} ({}): {}", line, id, sentence));
}

double months(const fs::path& path, std::size_t line, const std::string& id, const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    refuse_cell(path, line, id, fmt::format("wanted months under time, got '{}': leave time and event empty if they are not known", text));
  if (value <= 0)
    refuse_cell(path, line, id,
                fmt::format("wanted months above 0 under time, got {}: who was never followed says nothing: leave the row out", text));
  return value;
}

bool flag(const fs::path& path, std::size_t line, const std::string& id, const DelimitedTable& table, const Columns& columns) {
  const std::string& text = table.rows[line - 2][columns.event];
  double value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || (value != 0 && value != 1))
    refuse_cell(path, line, id,
                fmt::format("wanted 0 or 1 under {} ({}), got '{}': say it so in every row", table.columns[columns.event],
                            columns.censorship ? "1 = censored" : "1 = event, 0 = censored", text));
  return (value == 1) != columns.censorship;
}

}  // namespace

void merge_follow_up(const fs::path& path, const std::string& patient, FollowedRow& into, const FollowedRow& row) {
  if (into.months != row.months || into.event != row.event)
    refuse(path,
           fmt::format("row {}: wanted one time and event for patient {}, got {} with {} and in row {} {} with {}: correct one of them",
                       row.line, patient, row.months, row.event ? "an event" : "none", into.line, into.months,
                       into.event ? "an event" : "none"));
  for (std::size_t k = 0; k < into.levels.size(); ++k)
    if (into.levels[k] != row.levels[k]) into.levels[k] = "(several)";
}

FollowUpTable read_follow_up(const fs::path& path, bool of_slides, const std::vector<std::string>& subgroup_columns,
                             const std::string& censorship) {
  const DelimitedTable table = read_judged_table(path);
  const Columns columns = columns_of(table, path, of_slides, subgroup_columns, censorship);
  FollowUpTable out;
  out.by_slide = of_slides && columns.slide;
  out.has_patients = out.by_slide && columns.patient;
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    const auto& cells = table.rows[r];
    if (cells[columns.time].empty() && cells[columns.event].empty()) continue;
    const std::string& id = cells[columns.id];
    FollowedRow row{months(path, r + 2, id, cells[columns.time]),
                    flag(path, r + 2, id, table, columns),
                    out.has_patients ? cells[*columns.patient] : "",
                    {},
                    r + 2};
    for (const std::size_t at : columns.levels) row.levels.push_back(cells[at]);
    const auto [there, fresh] = out.rows.emplace(id, row);
    if (fresh) continue;
    if (out.by_slide || !columns.slide)
      refuse(path, fmt::format("row {}: wanted each id once, '{}' is there twice: leave one out", r + 2, id));
    merge_follow_up(path, id, there->second, row);
  }
  return out;
}

}  // namespace microtome
