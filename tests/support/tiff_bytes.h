// SPDX-License-Identifier: Apache-2.0
// TIFF directories to bytes, without a library, so that tests can also write what no library would: loops, lies, gaps, either byte order.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tiling/tiff/byte_source.h"

namespace microtome {

using Bytes = std::vector<std::uint8_t>;

enum class TiffType : std::uint16_t { byte = 1, ascii = 2, short_ = 3, long_ = 4, rational = 5, undefined = 7, long8 = 16 };

/// A field's numbers; a rational takes two of them.
struct TiffField {
  TiffType type = TiffType::long_;
  std::vector<std::uint64_t> values;
};

namespace tiff_tag {
constexpr std::uint16_t kSubfileType = 254, kWidth = 256, kHeight = 257, kBits = 258, kCompression = 259, kPhotometric = 262, kDescription = 270,
                        kOrientation = 274, kSamples = 277, kXResolution = 282, kYResolution = 283, kPlanar = 284, kResolutionUnit = 296,
                        kPredictor = 317, kTileWidth = 322, kTileHeight = 323, kTileOffsets = 324, kTileByteCounts = 325, kExtraSamples = 338,
                        kJpegTables = 347, kYcbcrSubsampling = 530, kReferenceBlackWhite = 532;
}

struct TiffDirectory {
  std::map<std::uint16_t, TiffField> fields;
  std::vector<Bytes> tiles;  // row-major; an empty one gets offset 0 and byte count 0

  /// Changes where the tiles are said to lie, just before the directory is written.
  std::function<void(std::vector<std::uint64_t>& offsets, std::vector<std::uint64_t>& counts)> lie;

  void set(std::uint16_t tag, TiffType type, std::vector<std::uint64_t> values) { fields[tag] = {type, std::move(values)}; }
  void set_text(std::uint16_t tag, const std::string& text);
};

struct TiffLayout {
  bool big = false;         // BigTIFF
  bool big_endian = false;  // "MM"
  int after_last = -1;      // the directory that the last one names as its next: -1 none
};

Bytes tiff_bytes(const std::vector<TiffDirectory>& directories, const TiffLayout& layout);

void write_bytes(const std::filesystem::path& path, const Bytes& bytes);

/// A file in memory.
class MemoryBytes : public ByteSource {
 public:
  explicit MemoryBytes(Bytes bytes) : bytes_(std::move(bytes)) {}
  std::int64_t size() const override { return static_cast<std::int64_t>(bytes_.size()); }
  std::int64_t read(std::int64_t offset, std::span<std::uint8_t> bytes) const override;
  void will_need(std::int64_t, std::int64_t) const override {}

 private:
  Bytes bytes_;
};

}  // namespace microtome
