// SPDX-License-Identifier: Apache-2.0
// One pass over the bytes; quotes are looked at only where a cell begins with one.
#include "mil/genomics/import/cells.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>

#include "mil/model_error.h"

namespace microtome {

namespace {

constexpr std::size_t shown_characters = 40;

std::string_view without_blanks(std::string_view cell) {
  while (!cell.empty() && (cell.front() == ' ' || cell.front() == '\t')) cell.remove_prefix(1);
  while (!cell.empty() && (cell.back() == ' ' || cell.back() == '\t' || cell.back() == '\r')) cell.remove_suffix(1);
  return cell;
}

char delimiter_of(std::string_view line) {
  if (line.find('\t') != std::string_view::npos) return '\t';
  return line.find(',') == std::string_view::npos && line.find(';') != std::string_view::npos ? ';' : ',';
}

constexpr std::array<double, 16> powers_of_ten{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

/// "-0.0835": up to 15 digits with a point among them make two whole numbers whose quotient is the nearest double (Clinger 1990), three
/// times as fast as from_chars. False for all other text.
bool parse_short(std::string_view cell, double& value) {
  const bool negative = !cell.empty() && cell.front() == '-';
  if (negative) cell.remove_prefix(1);
  if (cell.empty() || cell.size() > 16) return false;
  std::uint64_t digits = 0;
  std::size_t point = cell.size();
  for (std::size_t i = 0; i < cell.size(); ++i) {
    const auto digit = static_cast<unsigned>(cell[i] - '0');
    if (digit <= 9) {
      digits = digits * 10 + digit;
    } else if (cell[i] == '.' && point == cell.size()) {
      point = i;
    } else {
      return false;
    }
  }
  const std::size_t decimals = point == cell.size() ? 0 : cell.size() - point - 1;
  const std::size_t count = cell.size() - (point == cell.size() ? 0 : 1);
  if (count == 0 || count > 15) return false;
  value = static_cast<double>(digits) / powers_of_ten[decimals];
  if (negative) value = -value;
  return true;
}

bool parse_fast(std::string_view cell, double& value) { return parse_short(cell, value); }

/// Rounded twice, to double and then to float, a number is the nearest float unless the double lies half way between two.
bool parse_fast(std::string_view cell, float& value) {
  double exact = 0;
  if (!parse_short(cell, exact)) return false;
  constexpr std::uint64_t low_bits = (std::uint64_t{1} << 29) - 1;
  constexpr std::uint64_t half_way = std::uint64_t{1} << 28;
  if ((std::bit_cast<std::uint64_t>(exact) & low_bits) == half_way) return false;
  value = static_cast<float>(exact);
  return true;
}

template <class Number>
bool parse_as(std::string_view cell, Number& value) {
  if (parse_fast(cell, value)) return true;
  if (!cell.empty() && cell.front() == '+') cell.remove_prefix(1);
  const char* end = cell.data() + cell.size();
  const auto [stop, error] = std::from_chars(cell.data(), end, value);
  if (stop == end && error == std::errc() && std::isfinite(value)) return true;
  // too small for the type: it is a number all the same
  if (stop == end && error == std::errc::result_out_of_range && !cell.empty() && cell.find("e-") != std::string_view::npos) {
    value = 0;
    return true;
  }
  if (!is_missing(cell)) return false;
  value = std::numeric_limits<Number>::quiet_NaN();
  return true;
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
  while (stop < end && *stop != delimiter_ && *stop != '\n') ++stop;
  at_ = static_cast<std::size_t>(stop - text_.data());
  if (quoted) return add_quoted({first, stop});
  while (stop > first && (stop[-1] == ' ' || stop[-1] == '\r' || stop[-1] == '\t')) --stop;
  cells_.emplace_back(first, static_cast<std::size_t>(stop - first));
}

bool CellReader::next() {
  if (unquoted_.use_count() > 1) unquoted_ = std::make_shared<std::deque<std::string>>();
  unquoted_->clear();
  do {
    if (at_ >= text_.size()) return false;
    cells_.clear();
    line_ = next_line_;
    read_cell();
    while (at_ < text_.size() && text_[at_] == delimiter_) {
      ++at_;
      read_cell();
    }
    ++at_;
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

bool is_missing(std::string_view cell) {
  static constexpr std::array words{"", "NA", "NaN", "nan", "N/A", "n/a", "null", "NULL", "None", "."};
  return cell.size() <= 4 && std::find(words.begin(), words.end(), cell) != words.end();
}

bool parse_cell(std::string_view cell, float& value) { return parse_as(cell, value); }
bool parse_cell(std::string_view cell, double& value) { return parse_as(cell, value); }

float number_of(const CellReader& reader, std::size_t cell, std::string_view column) {
  float value = 0;
  const std::string_view text = reader.cell(cell);
  if (parse_cell(text, value)) return value;
  const std::string said = "wanted a number, got '" + std::string(text.substr(0, shown_characters)) + "'";
  if (text.find(',') != std::string_view::npos) reader.refuse(column, said, "write decimals with a point");
  reader.refuse(column, said, "write NA where nothing was measured");
}

}  // namespace microtome
