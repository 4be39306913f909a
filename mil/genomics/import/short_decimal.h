// SPDX-License-Identifier: Apache-2.0
// Decimals of a few digits, which nearly all cells of a table are, become the nearest float or double eight digits at a time. Inline, as a
// table has millions. Internal to mil/genomics/import.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "mil/genomics/import/eight_bytes.h"

namespace microtome {

inline constexpr std::array<double, 20> powers_of_ten{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,
                                                      1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19};
inline constexpr std::uint64_t most_exact = std::uint64_t{1} << 53;  // whole numbers up to it are doubles
inline constexpr std::size_t most_digits = 19;                       // in 64 bits

/// digits / 10^decimals
struct Decimal {
  bool negative = false;
  std::uint64_t digits = 0;
  std::size_t decimals = 0;
};

/// One to eight characters, '0' in front of them.
inline std::uint64_t padded_word(std::string_view text) {
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

inline bool all_digits(std::uint64_t word) {
  constexpr std::uint64_t high = eight_of('\xF0');
  return ((word & high) ^ eight_of('0')) == 0 && (((word + eight_of('\x06')) & high) ^ eight_of('0')) == 0;
}

inline std::uint64_t number_of_digits(std::uint64_t word) {
  word -= eight_of('0');
  word = (word * 10 + (word >> 8)) & 0x00FF00FF00FF00FFU;
  word = (word * 100 + (word >> 16)) & 0x0000FFFF0000FFFFU;
  return (word * 10000 + (word >> 32)) & 0xFFFFFFFFU;
}

/// Digits with at most one point among them, eight characters at most.
inline bool parse_eight(std::string_view text, Decimal& out) {
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

/// The same of up to 19 digits.
bool parse_long(std::string_view text, Decimal& out);

inline bool parse_decimal(std::string_view cell, Decimal& out) {
  out.negative = !cell.empty() && cell.front() == '-';
  cell.remove_prefix(out.negative ? 1 : 0);
  if (cell.empty() || cell.size() > most_digits + 1) return false;
  return words_in_order && cell.size() <= 8 ? parse_eight(cell, out) : parse_long(cell, out);
}

inline double quotient(const Decimal& decimal) {
  const double value = static_cast<double>(decimal.digits) / powers_of_ten[decimal.decimals];
  // without a branch, as the processor cannot foretell signs
  return std::bit_cast<double>(std::bit_cast<std::uint64_t>(value) | static_cast<std::uint64_t>(decimal.negative) << 63);
}

/// A quotient of two whole numbers that are doubles is the nearest double (Clinger 1990).
inline bool parse_fast(std::string_view cell, double& value) {
  Decimal decimal;
  if (!parse_decimal(cell, decimal) || decimal.digits > most_exact) return false;
  value = quotient(decimal);
  return true;
}

/// With more digits the quotient is off by two units in the last place at most. Rounded again it is the nearest float unless it lies as
/// near to the middle between two.
inline bool parse_fast(std::string_view cell, float& value) {
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

}  // namespace microtome
