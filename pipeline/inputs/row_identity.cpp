// SPDX-License-Identifier: Apache-2.0
#include "pipeline/inputs/row_identity.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>

#include "pipeline/config.h"
#include "pipeline/nearest_word.h"

namespace microtome {
namespace fs = std::filesystem;
namespace {

int fold(const fs::path& path, const RowIdentity& row, const std::string& text) {
  int value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0)
    refuse_row(path, row, fmt::format("wanted a fold 0, 1, 2, ..., got '{}': correct it or leave the column out", text));
  return value;
}

}  // namespace

RowIdentity read_identity(const fs::path& path, const DelimitedTable& table, std::size_t r) {
  const auto& cells = table.rows[r];
  const auto slide = table.column("slide_id"), patient = table.column("patient_id"), folds = table.column("fold");
  RowIdentity out;
  out.line = r + 2;
  out.id = cells[slide ? *slide : *patient];
  if (out.id.empty()) throw InputError(fmt::format("{}: row {}: wanted an id, got an empty cell: name the slide", path.string(), out.line));
  if (slide && patient) {
    out.patient_id = cells[*patient];
    if (out.patient_id.empty()) refuse_row(path, out, "wanted a patient_id, got an empty cell: fill it in, or leave the column out");
  }
  if (folds) out.fold = fold(path, out, cells[*folds]);
  return out;
}

void require_id_column(const fs::path& path, const DelimitedTable& table) {
  if (!table.column("slide_id") && !table.column("patient_id"))
    throw InputError(fmt::format("{}: wanted a column slide_id or patient_id in the header row: there is none: add it", path.string()));
}

void refuse_row(const fs::path& path, const RowIdentity& row, const std::string& sentence) {
  throw InputError(fmt::format("{}: row {} ({}): {}", path.string(), row.line, row.id, sentence));
}

std::string patient_of(const RowIdentity& row, const std::string& of_label, const fs::path& labels) {
  if (!row.patient_id.empty() && !of_label.empty() && row.patient_id != of_label)
    throw InputError(fmt::format("{}: slide {}: wanted the patient that the predictions name, got another: correct one of the tables",
                                 labels.string(), row.id));
  if (!of_label.empty()) return of_label;
  return row.patient_id.empty() ? tcga_patient(row.id).value_or(row.id) : row.patient_id;
}

void require_rows(const fs::path& path, std::size_t rows) {
  if (rows == 0) throw InputError(fmt::format("{}: wanted predictions: there is no row under the header: is it the right file?", path.string()));
}

SharedIds shared_ids(const std::vector<std::string>& one, const std::vector<std::string>& other) {
  SharedIds out;
  for (std::size_t a = 0, b = 0; a < one.size() && b < other.size();) {
    if (one[a] == other[b]) {
      out.of_one.push_back(a++);
      out.of_other.push_back(b++);
    } else {
      ++(one[a] < other[b] ? a : b);
    }
  }
  return out;
}

void refuse_doubled(const fs::path& path, const RowIdentity& row, const RowIdentity& next) {
  if (row.id == next.id) refuse_row(path, next, fmt::format("wanted each id once, this one is in row {} too: leave one out", row.line));
}

std::vector<std::size_t> find_columns(const DelimitedTable& table, const fs::path& path, const std::string& option,
                                      const std::vector<std::string>& names) {
  std::vector<std::size_t> out;
  for (const std::string& name : names) {
    const auto at = table.column(name);
    const std::string nearest = at ? "" : nearest_word(name, table.columns);
    if (!at)
      throw ConfigError(fmt::format(
          "{}: wanted columns of {}, got '{}'{}", option, path.string(), name,
          nearest.empty() ? fmt::format(": it has {}", fmt::join(table.columns, ", ")) : fmt::format(": did you mean {}?", nearest)));
    out.push_back(*at);
  }
  return out;
}

}  // namespace microtome
