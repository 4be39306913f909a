// SPDX-License-Identifier: Apache-2.0
// A reader learns that cells are cut and numbers are read, fast ways included, exactly as the plain ways do it.
#include "mil/genomics/import/cells.h"

#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <random>

#include "mil/genomics/import/eight_bytes.h"

namespace microtome {
namespace {

template <class Number>
void expect_as_library(const std::string& text) {
  Number library = 0, ours = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), library);
  ASSERT_TRUE(error == std::errc() && stop == text.data() + text.size()) << text;
  ASSERT_TRUE(parse_cell(text, ours)) << text;
  EXPECT_EQ(ours, library) << text;
  EXPECT_EQ(std::signbit(ours), std::signbit(library)) << text;
}

void expect_as_library(const std::string& text) {
  expect_as_library<float>(text);
  expect_as_library<double>(text);
}

std::string digits(std::mt19937_64& engine, std::size_t count) {
  std::string text;
  while (text.size() < count) text += static_cast<char>('0' + engine() % 10);
  return text;
}

TEST(GenomicCells, DecimalsOfEveryLengthAreTheNearestNumbers) {
  std::mt19937_64 engine(3);
  for (std::size_t length = 1; length <= 24; ++length) {
    for (std::size_t point = 0; point <= length + 1; ++point) {  // length + 1: none
      for (int i = 0; i < 100; ++i) {
        std::string text = digits(engine, length);
        if (point <= length) text.insert(point, 1, '.');
        expect_as_library(text);
        expect_as_library("-" + text);
      }
    }
  }
}

TEST(GenomicCells, NumbersInTheMiddleBetweenTwoFloatsAreRoundedOnce) {
  std::mt19937_64 engine(4);
  for (int i = 0; i < 20000; ++i) {
    const float below = std::bit_cast<float>(static_cast<std::uint32_t>(engine() % (std::uint64_t{40} << 23)) + (std::uint32_t{100} << 23));
    const double middle = (static_cast<double>(below) + static_cast<double>(std::nextafter(below, 1e30F))) / 2;
    std::array<char, 80> text{};
    for (const double value : {middle, std::nextafter(middle, 0), std::nextafter(middle, 1e30)}) {
      for (const int decimals : {3, 11, 18}) {
        const auto end = std::to_chars(text.begin(), text.end(), value, std::chars_format::fixed, decimals).ptr;
        expect_as_library<float>({text.data(), end});
      }
    }
  }
  for (const char* text :
       {"16777217", "16777219", "-16777217", "16777217.0000000001", "33554434.00000000", "0.35700000000000004", "9007199254740993", "0",
        "-0", "-0.0", "0000000000000000", "99999999", "9999999999999999999", "18446744073709551616", "1e-50", "12e3"}) {
    float value = 0;
    if (std::string(text) != "1e-50") expect_as_library(text);
    EXPECT_TRUE(parse_cell(text, value)) << text;
  }
}

TEST(GenomicCells, WhatIsNoNumberIsNone) {
  for (const std::string text : {"-",
                                 "-.",
                                 "1.2.3",
                                 "..",
                                 "1.",
                                 "1,5",
                                 "12a",
                                 "a",
                                 "1 2",
                                 "--1",
                                 "1-",
                                 ":1",
                                 "/1",
                                 "1/2",
                                 "\xB1",
                                 "\xFF\xFF",
                                 "0x10",
                                 "1234567:",
                                 "12345678901234567x",
                                 "inf",
                                 "-inf",
                                 "1e400",
                                 "123456789.1.2"}) {
    double number = 7;
    float value = 7;
    const bool wanted = text == "1.";
    EXPECT_EQ(parse_cell(text, number), wanted) << text;
    EXPECT_EQ(parse_cell(text, value), wanted) << text;
  }
  float value = 7;
  EXPECT_TRUE(parse_cell(".", value) && std::isnan(value)) << "a missing value";
  EXPECT_TRUE(parse_cell("+2.5", value) && value == 2.5F);
}

TEST(GenomicCells, EitherOfTwoCharactersIsFoundWhereverItStands) {
  std::mt19937_64 engine(5);
  const std::string alphabet = std::string("ab,\n\"-+.\x2d\x0b\x8a\xac\xff") + '\0';
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (std::size_t length = engine() % 40; text.size() < length;) text += alphabet[engine() % alphabet.size()];
    const std::size_t found = text.find_first_of(",\n");
    const char* end = text.data() + text.size();
    EXPECT_EQ(find_either(text.data(), end, ',', '\n'), found == std::string::npos ? end : text.data() + found) << text;
  }
}

/// The plain way for texts without quotes: lines by line breaks, cells by delimiters, blanks off.
std::vector<std::vector<std::string>> plain_records(const std::string& text) {
  std::vector<std::vector<std::string>> records;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::vector<std::string> cells;
    for (std::size_t begin = at; begin <= end;) {
      const std::size_t stop = std::min(text.find(',', begin), end);
      std::string cell = text.substr(begin, stop - begin);
      const std::size_t first = cell.find_first_not_of(" \t");
      cell = first == std::string::npos ? "" : cell.substr(first);
      cells.push_back(cell.substr(0, cell.find_last_not_of(" \t\r") + 1));
      begin = stop + 1;
    }
    if (cells.size() > 1 || !cells.front().empty()) records.push_back(cells);
    at = end + 1;
  }
  return records;
}

TEST(GenomicCells, RecordsAreCutAtEveryPlaceOfAWord) {
  std::mt19937_64 engine(6);
  const std::string alphabet = "ab1.-,, \r\n";
  for (int i = 0; i < 5000; ++i) {
    std::string text = "x,y\n";
    for (std::size_t length = engine() % 60 + 4; text.size() < length;) text += alphabet[engine() % alphabet.size()];
    CellReader reader(text, "in");
    std::vector<std::vector<std::string>> found;
    while (reader.next()) found.emplace_back(reader.cells().begin(), reader.cells().end());
    EXPECT_EQ(found, plain_records(text)) << text;
    EXPECT_EQ(reader.bytes_left(), 0U);
  }
}

TEST(GenomicCells, QuotedCellsStandAmongPlainOnes) {
  const std::string text = "a,b,c\n 1 ,\"x, \"\"y\"\"\n\" ,3\n\"\",,\" 5 \"\n6,7,\"8\"";
  CellReader reader(text, "in");
  std::vector<std::vector<std::string>> found;
  std::vector<std::size_t> lines;
  while (reader.next()) {
    found.emplace_back(reader.cells().begin(), reader.cells().end());
    lines.push_back(reader.line());
  }
  EXPECT_EQ(found, (std::vector<std::vector<std::string>>{{"a", "b", "c"}, {"1", "x, \"y\"\n", "3"}, {"", "", "5"}, {"6", "7", "8"}}));
  EXPECT_EQ(lines, (std::vector<std::size_t>{1, 2, 4, 5}));
}

}  // namespace
}  // namespace microtome
