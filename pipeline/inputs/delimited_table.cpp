// SPDX-License-Identifier: Apache-2.0
// RFC 4180 with the tolerance that hand-made files need.
#include "pipeline/inputs/delimited_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "pipeline/config.h"

namespace microtome {
namespace {

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

/// Splits one record that starts at `at`; moves `at` behind it.
std::vector<std::string> next_record(const std::string& text, std::size_t& at, char delimiter) {
  std::vector<std::string> cells;
  std::string cell;
  bool quoted = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted && c == '"' && at + 1 < text.size() && text[at + 1] == '"') {
      cell += text[++at];
    } else if (c == '"' && (quoted || trimmed(cell).empty())) {
      quoted = !quoted;
    } else if (!quoted && c == delimiter) {
      cells.push_back(trimmed(cell));
      cell.clear();
    } else if (!quoted && c == '\n') {
      ++at;
      break;
    } else {
      cell += c;
    }
  }
  cells.push_back(trimmed(cell));
  return cells;
}

bool blank(const std::vector<std::string>& cells) { return cells.size() == 1 && cells[0].empty(); }

}  // namespace

std::optional<std::size_t> DelimitedTable::column(const std::string& name) const {
  const auto found = std::find(columns.begin(), columns.end(), name);
  if (found == columns.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns.begin());
}

DelimitedTable read_delimited(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path))
    throw ConfigError(fmt::format("{}: wanted a CSV or TSV file: cannot be opened", path.string()));
  std::stringstream buffer;
  buffer << file.rdbuf();
  std::string text = buffer.str();
  if (text.rfind("\xEF\xBB\xBF", 0) == 0) text.erase(0, 3);

  const std::string header = text.substr(0, text.find('\n'));
  const char delimiter = header.find('\t') != std::string::npos ? '\t' : ',';
  DelimitedTable table;
  std::size_t at = 0;
  table.columns = next_record(text, at, delimiter);
  if (blank(table.columns)) throw ConfigError(fmt::format("{}: wanted a header row: the file is empty", path.string()));
  for (std::size_t line = 2; at < text.size(); ++line) {
    auto cells = next_record(text, at, delimiter);
    if (blank(cells)) continue;
    if (cells.size() != table.columns.size()) {
      throw ConfigError(
          fmt::format("{}: row {}: wanted {} cells as in the header, got {}", path.string(), line, table.columns.size(), cells.size()));
    }
    table.rows.push_back(std::move(cells));
  }
  return table;
}

std::vector<std::string> column_names(const std::string& text) {
  std::vector<std::string> out;
  std::stringstream words(text);
  for (std::string word; std::getline(words, word, ',');)
    if (!word.empty()) out.push_back(word);
  return out;
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

}  // namespace microtome
