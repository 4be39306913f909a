// SPDX-License-Identifier: Apache-2.0
// Nearly all cells of a table are decimals of a few digits: those become numbers eight digits at a time, all others in the standard library.
// Either way the result is the nearest float or double.
#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>

#include "mil/genomics/import/cells.h"
#include "mil/genomics/import/eight_bytes.h"

namespace microtome {

namespace {

constexpr std::array<double, 20> powers_of_ten{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,
                                               1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19};
constexpr std::uint64_t most_exact = std::uint64_t{1} << 53;  // whole numbers up to it are doubles
constexpr std::size_t most_digits = 19;                       // in 64 bits

/// digits / 10^decimals
struct Decimal {
  bool negative = false;
  std::uint64_t digits = 0;
  std::size_t decimals = 0;
};

/// One to eight characters, '0' in front of them.
std::uint64_t padded_word(std::string_view text) {
  const std::size_t size = text.size();
  std::uint64_t word = 0;
  if (size >= 4) {  // two halves, which overlap
    std::uint32_t first = 0, last = 0;
    std::memcpy(&first, text.data(), 4);
    std::memcpy(&last, text.data() + size - 4, 4);
    word = first | static_cast<std::uint64_t>(last) << (8 * (size - 4));
  } else {
    for (std::size_t i = 0; i < size; ++i) word |= static_cast<std::uint64_t>(static_cast<unsigned char>(text[i])) << (8 * i);
  }
  const std::size_t empty_bits = 64 - 8 * size;
  return word << empty_bits | (eight_of('0') & ((std::uint64_t{1} << empty_bits) - 1));
}

bool all_digits(std::uint64_t word) {
  constexpr std::uint64_t high = eight_of('\xF0');
  return ((word & high) ^ eight_of('0')) == 0 && (((word + eight_of('\x06')) & high) ^ eight_of('0')) == 0;
}

std::uint64_t number_of_digits(std::uint64_t word) {
  word -= eight_of('0');
  word = (word * 10 + (word >> 8)) & 0x00FF00FF00FF00FFU;
  word = (word * 100 + (word >> 16)) & 0x0000FFFF0000FFFFU;
  return (word * 10000 + (word >> 32)) & 0xFFFFFFFFU;
}

/// Digits with at most one point among them, eight characters at most.
bool parse_eight(std::string_view text, Decimal& out) {
  std::uint64_t word = padded_word(text);
  const std::uint64_t points = first_zero(word ^ eight_of('.'));
  if (points != 0) {
    const std::size_t place = place_of(points);
    const std::uint64_t below = (std::uint64_t{1} << (8 * place)) - 1;
    word = (word & ~(below << 8 | 0xFF)) | (word & below) << 8 | '0';
    out.decimals = 7 - place;
  }
  if (!all_digits(word) || (points != 0 && text.size() == 1)) return false;
  out.digits = number_of_digits(word);
  return true;
}

/// The same of up to 19 digits. Rare: not worth the room among the others.
[[gnu::noinline]] bool parse_long(std::string_view text, Decimal& out) {
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

inline bool parse_decimal(std::string_view cell, Decimal& out) {
  out.negative = !cell.empty() && cell.front() == '-';
  cell.remove_prefix(out.negative ? 1 : 0);
  if (cell.empty() || cell.size() > most_digits + 1) return false;
  return words_in_order && cell.size() <= 8 ? parse_eight(cell, out) : parse_long(cell, out);
}

double quotient(const Decimal& decimal) {
  const double value = static_cast<double>(decimal.digits) / powers_of_ten[decimal.decimals];
  // without a branch, as the processor cannot foretell signs
  return std::bit_cast<double>(std::bit_cast<std::uint64_t>(value) | static_cast<std::uint64_t>(decimal.negative) << 63);
}

/// A quotient of two whole numbers that are doubles is the nearest double (Clinger 1990).
bool parse_fast(std::string_view cell, double& value) {
  Decimal decimal;
  if (!parse_decimal(cell, decimal) || decimal.digits > most_exact) return false;
  value = quotient(decimal);
  return true;
}

/// With more digits the quotient is off by two units in the last place at most. Rounded again it is the nearest float unless it lies as near
/// to the middle between two.
bool parse_fast(std::string_view cell, float& value) {
  Decimal decimal;
  if (!parse_decimal(cell, decimal)) return false;
  const double near = quotient(decimal);
  constexpr std::uint64_t low_bits = (std::uint64_t{1} << 29) - 1;
  constexpr std::uint64_t middle = std::uint64_t{1} << 28;
  const std::uint64_t low = std::bit_cast<std::uint64_t>(near) & low_bits;
  if (low >= middle - 2 && low <= middle + 2) return false;
  value = static_cast<float>(near);
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

bool is_missing(std::string_view cell) {
  static constexpr std::array words{"", "NA", "NaN", "nan", "N/A", "n/a", "null", "NULL", "None", "."};
  return cell.size() <= 4 && std::find(words.begin(), words.end(), cell) != words.end();
}

bool parse_cell(std::string_view cell, float& value) { return parse_as(cell, value); }
bool parse_cell(std::string_view cell, double& value) { return parse_as(cell, value); }

}  // namespace microtome
