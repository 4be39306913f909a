// SPDX-License-Identifier: Apache-2.0
// Cells of CSV and TSV, in place: no text is copied, but for quoted cells that hold quotes. Internal to mil/genomics.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace microtome {

/// Records of RFC 4180 with the tolerance that hand-made files need: LF or CRLF, blank lines skipped, quotes. The delimiter is what the
/// first record holds: a tab, else a semicolon when there is no comma, else a comma. Copies start where the original stands. Throws
/// ModelError: a quote without an end, and in cell() a record that is too short, with its line.
class CellReader {
 public:
  /// text outlives the reader; path is for messages. Lines that begin with `comment` are skipped before the first record.
  CellReader(std::string_view text, std::string path, char comment = '\0');
  /// False at the end.
  bool next();
  const std::vector<std::string_view>& cells() const { return cells_; }  // without blanks at their ends; valid until next()
  std::string_view cell(std::size_t column) const;
  std::size_t bytes_left() const { return text_.size() - std::min(at_, text_.size()); }
  std::size_t line() const { return line_; }  // of the record's begin, from 1
  char delimiter() const { return delimiter_; }
  void use_delimiter(char delimiter) { delimiter_ = delimiter; }  // where the first record does not show it
  const std::string& path() const { return path_; }
  /// "path: line N, column NAME": throws ModelError(place: said: advice).
  [[noreturn]] void refuse(std::string_view column, const std::string& said, const std::string& advice) const;
  /// The record has as many cells as the header, or ModelError.
  void require_width(std::size_t width) const;

 private:
  void read_record();
  void read_cell();
  void add_quoted(std::string_view raw);
  std::size_t skip_quoted(std::size_t at) const;
  std::string_view text_;
  std::string path_;
  std::size_t at_ = 0;
  std::size_t line_ = 0;
  std::size_t next_line_ = 1;
  char delimiter_ = ',';
  std::vector<std::string_view> cells_;
  std::shared_ptr<std::deque<std::string>> unquoted_;
};

/// The empty text, NA, N/A, NaN, null, NULL, None and the dot stand for a missing value; letter case counts only where a symbol could be
/// meant.
bool is_missing(std::string_view cell);

/// NaN for missing; a number in C's notation; nullopt-like false for anything else, infinities too.
bool parse_cell(std::string_view cell, float& value);
bool parse_cell(std::string_view cell, double& value);

/// parse_cell or ModelError that names line and column and, where a comma stands in the cell, says so.
float number_of(const CellReader& reader, std::size_t cell, std::string_view column);

}  // namespace microtome
