// SPDX-License-Identifier: Apache-2.0
// What a tiled TIFF says about its images, read once and checked, so that nothing later has to trust the file. TIFF 6.0, Adobe's
// supplements and BigTIFF; Aperio's compressions 33003 and 33005.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tiling/geometry.h"
#include "tiling/tiff/byte_source.h"

namespace microtome {

enum class TileCodec : std::uint8_t { jpeg, jpeg2000, libtiff };

/// How a stored pixel becomes RGB.
enum class TileColour : std::uint8_t {
  rgb,
  ycbcr,          // JPEG and JPEG 2000 only
  grey,           // 0 is black
  inverted_grey,  // 0 is white
  rgb_alpha,      // straight
  rgb_alpha_premultiplied
};

/// One tiled image of the file.
struct TiffImage {
  int index = 0;  // of its directory
  Size size;
  Size tile;
  TileCodec codec = TileCodec::libtiff;
  TileColour colour = TileColour::rgb;
  bool reduced = false;                   // NewSubfileType says that it is a smaller version of another image
  std::vector<std::uint8_t> jpeg_tables;  // an abbreviated JPEG stream, empty where the tiles have their own tables
  std::vector<std::uint64_t> offsets;     // of each stored tile, row-major
  std::vector<std::uint64_t> byte_counts;

  std::int64_t columns() const { return (size.width + tile.width - 1) / tile.width; }
  std::int64_t rows() const { return (size.height + tile.height - 1) / tile.height; }
};

struct TiffFile {
  bool is_tiff = false;           // classic or BigTIFF, whatever becomes of it
  std::vector<TiffImage> images;  // tiled ones, in the file's order; the others are labels and thumbnails
  std::string description;        // of the first directory, for the scale in it. Never leaves tiling/: patients are named there
  double x_resolution = 0;        // of the first directory; 0: not given
  double y_resolution = 0;        // likewise
  std::string resolution_unit;    // "inch", "centimeter", ""
  std::string why_not;            // why this reader cannot take the file (another one may); empty: it can
};

/// Reads the directories. A file that is no TIFF, or of a kind that this reader leaves to others (striped, 16 bits, planes apart, palettes,
/// unknown compressions, turned images), says so in why_not. Memory: bounded by 64 MiB a directory whatever the file claims; at most
/// 1,000 directories. Never throws for damage.
TiffFile read_tiff_file(const ByteSource& bytes);

}  // namespace microtome
