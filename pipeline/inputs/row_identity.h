// SPDX-License-Identifier: Apache-2.0
// What rows of every table of predictions have: whose they are, and in which fold they were held out.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

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

/// Throws InputError when two neighbours of rows sorted by id are one.
void refuse_doubled(const std::filesystem::path& path, const RowIdentity& row, const RowIdentity& next);

/// Where the columns of `names` are. Throws ConfigError under the option's name, with the nearest column.
std::vector<std::size_t> find_columns(const DelimitedTable& table, const std::filesystem::path& path, const std::string& option,
                                      const std::vector<std::string>& names);

}  // namespace microtome
