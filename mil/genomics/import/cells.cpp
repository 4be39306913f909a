// SPDX-License-Identifier: Apache-2.0
// One pass over the bytes; quotes are looked at only where a cell begins with one.
#include "mil/genomics/import/cells.h"

#include <algorithm>

#include "mil/genomics/import/eight_bytes.h"
#include "mil/model_error.h"

namespace microtome {

namespace {

constexpr std::size_t shown_characters = 40;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

std::string_view without_blanks(std::string_view cell) {
  while (!cell.empty() && (cell.front() == ' ' || cell.front() == '\t')) cell.remove_prefix(1);
  while (!cell.empty() && is_blank(cell.back())) cell.remove_suffix(1);
  return cell;
}

char delimiter_of(std::string_view line) {
  if (line.find('\t') != std::string_view::npos) return '\t';
  return line.find(',') == std::string_view::npos && line.find(';') != std::string_view::npos ? ';' : ',';
}

}  // namespace

CellReader::CellReader(std::string_view text, std::string path, char comment)
    : text_(text), path_(std::move(path)), unquoted_(std::make_shared<std::deque<std::string>>()) {
  while (comment != '\0' && at_ < text_.size() && text_[at_] == comment) {
    at_ = std::min(text_.find('\n', at_), text_.size() - 1) + 1;
    ++next_line_;
  }
  delimiter_ = delimiter_of(text_.substr(at_, text_.find('\n', at_) - at_));
}

/// Where a cell that begins with a quote at `at` has its closing one.
std::size_t CellReader::skip_quoted(std::size_t at) const {
  for (++at; at < text_.size(); ++at) {
    if (text_[at] != '"') continue;
    if (at + 1 >= text_.size() || text_[at + 1] != '"') return at;
    ++at;
  }
  throw ModelError(path_ + ": line " + std::to_string(line_) + ": read its cells: a quote has no end: put a quote behind the cell");
}

void CellReader::add_quoted(std::string_view raw) {
  raw = without_blanks(raw);
  if (raw.size() < 2 || raw.back() != '"') return cells_.push_back(raw);
  raw = raw.substr(1, raw.size() - 2);
  if (raw.find('"') == std::string_view::npos) return cells_.push_back(without_blanks(raw));
  std::string& plain = unquoted_->emplace_back();
  for (std::size_t i = 0; i < raw.size(); ++i) {
    plain += raw[i];
    if (raw[i] == '"' && i + 1 < raw.size() && raw[i + 1] == '"') ++i;
  }
  cells_.push_back(plain);
}

/// Moves at_ to the delimiter or line break behind the cell that begins there.
void CellReader::read_cell() {
  const char* const end = text_.data() + text_.size();
  const char* const begin = text_.data() + at_;
  const char* first = begin;
  while (first < end && (*first == ' ' || (*first == '\t' && delimiter_ != '\t'))) ++first;
  const bool quoted = first < end && *first == '"';
  const char* stop = first;
  if (quoted) {
    stop = text_.data() + skip_quoted(static_cast<std::size_t>(first - text_.data())) + 1;
    next_line_ += static_cast<std::size_t>(std::count(first, stop, '\n'));
  }
  stop = find_either(stop, end, delimiter_, '\n');
  at_ = static_cast<std::size_t>(stop - text_.data());
  if (quoted) return add_quoted({first, stop});
  while (stop > first && is_blank(stop[-1])) --stop;
  cells_.emplace_back(first, static_cast<std::size_t>(stop - first));
}

/// Nearly all cells begin and end where they should: those are taken here, in registers, the others in read_cell().
void CellReader::read_record() {
  const char delimiter = delimiter_;
  const char* const end = text_.data() + text_.size();
  const char* at = text_.data() + at_;
  for (;; ++at) {
    if (at < end && *at != delimiter && (is_blank(*at) || *at == '"')) {
      at_ = static_cast<std::size_t>(at - text_.data());
      read_cell();
      at = text_.data() + at_;
    } else {
      const char* const begin = at;
      at = find_either(begin, end, delimiter, '\n');
      const char* stop = at;
      while (stop > begin && is_blank(stop[-1])) --stop;
      cells_.emplace_back(begin, static_cast<std::size_t>(stop - begin));
    }
    if (at == end || *at != delimiter) break;
  }
  at_ = static_cast<std::size_t>(at - text_.data()) + 1;
}

bool CellReader::next() {
  if (unquoted_.use_count() > 1) unquoted_ = std::make_shared<std::deque<std::string>>();
  unquoted_->clear();
  do {
    if (at_ >= text_.size()) return false;
    cells_.clear();
    line_ = next_line_;
    read_record();
    ++next_line_;
  } while (cells_.size() == 1 && cells_.front().empty());
  return true;
}

std::string_view CellReader::cell(std::size_t column) const {
  if (column < cells_.size()) return cells_[column];
  throw ModelError(path_ + ": line " + std::to_string(line_) + ": read cell " + std::to_string(column + 1) + ": the line has " +
                   std::to_string(cells_.size()) + ": give every line as many cells as the header has");
}

void CellReader::refuse(std::string_view column, const std::string& said, const std::string& advice) const {
  throw ModelError(path_ + ": line " + std::to_string(line_) + ", column " + std::string(column) + ": " + said + ": " + advice);
}

void CellReader::require_width(std::size_t width) const {
  if (cells_.size() == width) return;
  throw ModelError(path_ + ": line " + std::to_string(line_) + ": wanted " + std::to_string(width) + " cells as in the header: there are " +
                   std::to_string(cells_.size()) + ": give every line as many cells as the header has");
}

float number_of(const CellReader& reader, std::size_t cell, std::string_view column) {
  float value = 0;
  const std::string_view text = reader.cell(cell);
  if (parse_cell(text, value)) return value;
  const std::string said = "wanted a number, got '" + std::string(text.substr(0, shown_characters)) + "'";
  if (text.find(',') != std::string_view::npos) reader.refuse(column, said, "write decimals with a point");
  reader.refuse(column, said, "write NA where nothing was measured");
}

}  // namespace microtome
