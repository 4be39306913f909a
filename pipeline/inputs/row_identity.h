// SPDX-License-Identifier: Apache-2.0
// What rows of every table of predictions have: whose they are, and in which fold they were held out.
#pragma once

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "mil/genomics/join.h"
#include "pipeline/inputs/delimited_table.h"

namespace microtome {

struct RowIdentity {
  std::string id;           // of the slide, or of the patient
  std::string patient_id;   // "": the table has no such column beside slide_id
  std::optional<int> fold;  // in which the row was held out
  std::size_t line = 0;
};

/// From slide_id or patient_id (both: rows are slides) and fold of row r. Throws InputError, naming the row: an empty id, a fold that is no
/// whole number.
RowIdentity read_identity(const std::filesystem::path& path, const DelimitedTable& table, std::size_t r);

/// Throws InputError: neither slide_id nor patient_id.
void require_id_column(const std::filesystem::path& path, const DelimitedTable& table);

/// "path: row 7 (id): sentence" as InputError.
[[noreturn]] void refuse_row(const std::filesystem::path& path, const RowIdentity& row, const std::string& sentence);

/// Whose slide a row is: `of_label`, the labels' patient_id of it ("" without), else the row's own, else the patient in a TCGA barcode, else
/// the slide itself. Throws InputError, naming `labels`: the two tables name different patients.
std::string patient_of(const RowIdentity& row, const std::string& of_label, const std::filesystem::path& labels);

/// Throws InputError: 0 rows.
void require_rows(const std::filesystem::path& path, std::size_t rows);

/// Throws InputError when two neighbours of rows sorted by id are one.
void refuse_doubled(const std::filesystem::path& path, const RowIdentity& row, const RowIdentity& next);

/// Ids that two sorted lists share, each list without repeats: their places in the one and in the other.
struct SharedIds {
  std::vector<std::size_t> of_one, of_other;
};
SharedIds shared_ids(const std::vector<std::string>& one, const std::vector<std::string>& other);

/// A set of rows to judge (judged, ids, levels) with these rows alone.
template <class Set>
Set only(const Set& set, const std::vector<std::size_t>& rows) {
  Set out = set;
  out.judged = set.judged.select(rows);
  out.ids.clear();
  for (const std::size_t r : rows) out.ids.push_back(set.ids[r]);
  for (std::size_t k = 0; k < set.levels.size(); ++k) {
    out.levels[k].clear();
    for (const std::size_t r : rows) out.levels[k].push_back(set.levels[k][r]);
  }
  return out;
}

/// Sorts the rows of a table of predictions by id. Throws InputError: no rows, an id twice.
template <class Row>
void sort_by_id(const std::filesystem::path& path, std::vector<Row>& rows) {
  require_rows(path, rows.size());
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.id < b.id; });
  for (std::size_t i = 1; i < rows.size(); ++i) refuse_doubled(path, rows[i - 1], rows[i]);
}

/// Those of the slides that a table of labels, keyed by slide or by patient, has a row for, in the order given, with the ids that other tables may know
/// them by: the patient is the row's patient_id, else that of a TCGA barcode, else the slide itself.
template <class Rows>
std::vector<SlideKeys> keys_in(const Rows& rows, bool by_slide, const std::vector<std::string>& slide_ids) {
  std::vector<SlideKeys> out;
  for (const std::string& id : slide_ids) {
    const std::string patient = tcga_patient(id).value_or(id);
    const auto found = rows.find(by_slide ? id : patient);
    if (found == rows.end()) continue;
    const std::string& named = found->second.patient_id;
    out.push_back({id, named.empty() ? patient : named, tcga_sample(id).value_or("")});
  }
  return out;
}

/// Where the columns of `names` are. Throws ConfigError under the option's name, with the nearest column.
std::vector<std::size_t> find_columns(const DelimitedTable& table, const std::filesystem::path& path, const std::string& option,
                                      const std::vector<std::string>& names);

}  // namespace microtome
