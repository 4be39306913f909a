// SPDX-License-Identifier: Apache-2.0
// What is no short decimal becomes a number in the standard library. Either way the result is the nearest float or double.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "mil/genomics/import/cells.h"
#include "mil/genomics/import/short_decimal.h"

namespace microtome {

bool parse_long(std::string_view text, Decimal& out) {
  std::size_t point = text.size();
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto digit = static_cast<unsigned char>(text[i] - '0');
    if (digit <= 9) {
      out.digits = out.digits * 10 + digit;
    } else if (text[i] == '.' && point == text.size()) {
      point = i;
    } else {
      return false;
    }
  }
  out.decimals = point == text.size() ? 0 : text.size() - point - 1;
  const std::size_t count = text.size() - (point == text.size() ? 0 : 1);
  return count > 0 && count <= most_digits;
}

namespace {

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

bool is_missing(std::string_view cell) {
  static constexpr std::array words{"", "NA", "NaN", "nan", "N/A", "n/a", "null", "NULL", "None", "."};
  return cell.size() <= 4 && std::find(words.begin(), words.end(), cell) != words.end();
}

bool parse_cell(std::string_view cell, float& value) { return parse_as(cell, value); }
bool parse_cell(std::string_view cell, double& value) { return parse_as(cell, value); }

}  // namespace microtome
