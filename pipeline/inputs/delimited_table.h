// SPDX-License-Identifier: Apache-2.0
// Small CSV and TSV tables with a header row, as people write them: BOM, CRLF, quoted fields, either delimiter. All cells are strings.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace microtome {

struct DelimitedTable {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  // each as long as columns
  std::optional<std::size_t> column(const std::string& name) const;
};

/// The delimiter is a tab when the header row holds one, else a comma. Throws ConfigError: cannot be opened, no header, a row of another
/// length (with its line).
DelimitedTable read_delimited(const std::filesystem::path& path);

/// Names between commas, as users give columns; empty ones are left out.
std::vector<std::string> column_names(const std::string& text);

/// One cell, quoted where it must be.
std::string csv_cell(const std::string& text);

}  // namespace microtome
