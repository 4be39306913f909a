// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/bigtiff.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <fstream>
#include <map>
#include <stdexcept>

namespace microtome {
namespace {

static_assert(std::endian::native == std::endian::little, "the numbers are written as they lie in memory");

enum TiffType : std::uint16_t { kAscii = 2, kShort = 3, kLong = 4, kUndefined = 7, kLong8 = 16 };

struct Entry {
  std::uint16_t type = 0;
  std::uint64_t count = 0;
  std::vector<std::uint8_t> bytes;
};

template <class Number>
Entry entry(TiffType type, const std::vector<Number>& values) {
  Entry result{type, values.size(), std::vector<std::uint8_t>(values.size() * sizeof(Number))};
  std::memcpy(result.bytes.data(), values.data(), result.bytes.size());
  return result;
}

Entry number(TiffType type, std::uint32_t value) {
  return type == kShort ? entry<std::uint16_t>(kShort, {static_cast<std::uint16_t>(value)}) : entry<std::uint32_t>(kLong, {value});
}

class Writer {
 public:
  explicit Writer(const std::filesystem::path& path) : file_(path, std::ios::binary) {
    put<std::uint16_t>(0x4949);
    put<std::uint16_t>(43);
    put<std::uint32_t>(8);
    next_directory_ = position_;
    put<std::uint64_t>(0);
  }

  void add(const BigTiffLevel& level, bool reduced, const std::string& description) {
    std::map<std::uint16_t, Entry> tags = tags_of(level, reduced, description);
    add_tiles(level, tags);
    std::map<std::uint16_t, std::uint64_t> places;
    for (const auto& [tag, value] : tags) {
      if (value.bytes.size() > 8) places[tag] = append(value.bytes);
    }
    const std::uint64_t directory = position_;
    put<std::uint64_t>(tags.size());
    for (const auto& [tag, value] : tags) {
      std::uint64_t inlined = 0;
      if (value.bytes.size() <= 8) std::memcpy(&inlined, value.bytes.data(), value.bytes.size());
      put<std::uint16_t>(tag);
      put<std::uint16_t>(value.type);
      put<std::uint64_t>(value.count);
      put<std::uint64_t>(value.bytes.size() <= 8 ? inlined : places[tag]);
    }
    const std::uint64_t link = position_;
    put<std::uint64_t>(0);
    patch(next_directory_, directory);
    next_directory_ = link;
  }

  void finish() {
    file_.flush();
    if (!file_)
      throw std::runtime_error("write a slide for a benchmark: the file could not be written: is the temporary folder's disk full?");
  }

 private:
  static std::map<std::uint16_t, Entry> tags_of(const BigTiffLevel& level, bool reduced, const std::string& description) {
    std::map<std::uint16_t, Entry> tags;
    const auto ratio = static_cast<std::uint16_t>(level.chroma_ratio);
    tags[254] = number(kLong, reduced ? 1 : 0);
    tags[256] = number(kLong, static_cast<std::uint32_t>(level.size.width));
    tags[257] = number(kLong, static_cast<std::uint32_t>(level.size.height));
    tags[258] = entry<std::uint16_t>(kShort, {8, 8, 8});
    tags[259] = number(kShort, static_cast<std::uint32_t>(level.compression));
    tags[262] = number(kShort, static_cast<std::uint32_t>(level.photometric));
    std::vector<std::uint8_t> text(description.begin(), description.end());
    text.push_back(0);
    tags[270] = entry(kAscii, text);
    tags[277] = number(kShort, 3);
    tags[284] = number(kShort, 1);
    tags[322] = number(kLong, static_cast<std::uint32_t>(level.tile_px));
    tags[323] = tags[322];
    if (!level.jpeg_tables.empty()) tags[347] = entry(kUndefined, level.jpeg_tables);
    tags[530] = entry<std::uint16_t>(kShort, {ratio, ratio});
    return tags;
  }

  void add_tiles(const BigTiffLevel& level, std::map<std::uint16_t, Entry>& tags) {
    std::vector<std::uint64_t> stored, offsets, counts;
    if (level.shared) {
      for (const auto& tile : level.tiles) stored.push_back(append(tile));
    }
    for (const std::uint32_t tile : level.places) {
      offsets.push_back(level.shared ? stored[tile] : append(level.tiles[tile]));
      counts.push_back(level.tiles[tile].size());
    }
    tags[324] = entry(kLong8, offsets);
    tags[325] = entry(kLong8, counts);
  }

  std::uint64_t append(const std::vector<std::uint8_t>& bytes) {
    const std::uint64_t start = position_;
    file_.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    position_ += bytes.size();
    return start;
  }

  template <class Number>
  void put(Number value) {
    file_.write(reinterpret_cast<const char*>(&value), sizeof value);
    position_ += sizeof value;
  }

  void patch(std::uint64_t place, std::uint64_t value) {
    file_.seekp(static_cast<std::streamoff>(place));
    file_.write(reinterpret_cast<const char*>(&value), sizeof value);
    file_.seekp(static_cast<std::streamoff>(position_));
  }

  std::ofstream file_;
  std::uint64_t position_ = 0;
  std::uint64_t next_directory_ = 0;
};

}  // namespace

void write_bigtiff(const std::filesystem::path& path, const std::vector<BigTiffLevel>& levels, const std::string& description) {
  Writer writer(path);
  for (const BigTiffLevel& level : levels) writer.add(level, &level != levels.data(), description);
  writer.finish();
}

}  // namespace microtome
