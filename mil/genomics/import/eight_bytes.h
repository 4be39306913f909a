// SPDX-License-Identifier: Apache-2.0
// Eight characters of a text in one word, looked at together. Internal to mil/genomics/import.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace microtome {

/// Where words do not hold the first character in their lowest byte, texts are read one character after the other.
inline constexpr bool words_in_order = std::endian::native == std::endian::little;

/// The same byte in all eight places.
constexpr std::uint64_t eight_of(char byte) { return 0x0101010101010101U * static_cast<unsigned char>(byte); }

inline std::uint64_t eight_bytes(const char* text) {
  std::uint64_t word = 0;
  std::memcpy(&word, text, sizeof word);
  return word;
}

/// Not 0 where a byte is 0; its lowest bit lies in the first of them. Bytes above that one may be marked without being 0.
constexpr std::uint64_t first_zero(std::uint64_t word) { return (word - eight_of('\x01')) & ~word & eight_of('\x80'); }

/// Place of the byte whose mark is the lowest of first_zero().
constexpr std::size_t place_of(std::uint64_t mark) { return static_cast<std::size_t>(std::countr_zero(mark)) / 8; }

/// The first of two characters, or end.
inline const char* find_either(const char* at, const char* end, char one, char other) {
  if constexpr (words_in_order) {
    const std::uint64_t ones = eight_of(one);
    const std::uint64_t others = eight_of(other);
    for (; end - at >= 8; at += 8) {
      const std::uint64_t word = eight_bytes(at);
      const std::uint64_t found = first_zero(word ^ ones) | first_zero(word ^ others);
      if (found != 0) return at + place_of(found);
    }
  }
  while (at < end && *at != one && *at != other) ++at;
  return at;
}

}  // namespace microtome
