// SPDX-License-Identifier: Apache-2.0
// Real slide files for tests: tiled TIFF pyramids with chosen pixels in every format that slides come in, and ways to damage them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/tiff_bytes.h"
#include "tiling/geometry.h"

namespace microtome {

struct TiffSlideLevel {
  Size size;
  std::vector<std::uint8_t> rgb;  // rows of RGB
};

/// Aperio writes JPEG 2000 as compressions of its own: 33003 holds YCbCr, 33005 RGB.
enum class TiffCodec { deflate, lzw, uncompressed, jpeg, jpeg2000_ycbcr, jpeg2000_rgb };

/// What is stored of each pixel. Alpha comes from alpha_at(), so that every value of it occurs. Grey takes the green.
enum class TiffPixels { rgb, grey, inverted_grey, rgb_alpha, rgb_alpha_premultiplied };

struct JpegTileSettings {
  int quality = 95;
  bool ycbcr = true;           // false: RGB with components 0, 1, 2 and no Adobe marker, as Aperio writes
  int across = 2, down = 2;    // pixels per chroma sample: 2 x 2 is 4:2:0
  bool shared_tables = true;   // in the directory's JPEGTables; false: every tile is a complete stream
  int restart_rows = 0;        // rows of MCUs between restart markers
  std::vector<int> own_tables;  // tiles of the full resolution that carry tables of their own all the same, of another quality
};

struct Jpeg2000TileSettings {
  bool reversible = true;  // false: the 9/7 wavelet at high quality
  int across = 1;          // pixels per chroma sample in a row: 2 is 4:2:2
  int resolutions = 5;
};

struct TiffSlideSettings {
  std::vector<TiffSlideLevel> levels;    // full resolution first
  TiffCodec codec = TiffCodec::deflate;  // which keeps every byte
  bool predictor = false;                // of deflate and LZW
  TiffPixels pixels = TiffPixels::rgb;
  JpegTileSettings jpeg;
  Jpeg2000TileSettings jpeg2000;
  Size tile{256, 256};
  TiffLayout layout;
  std::string description;    // "Aperio ...|MPP = 0.5" makes an Aperio slide of it
  double pixels_per_cm = 0;   // 0: no resolution tags
  std::vector<int> sparse;    // tiles of the full resolution that are not stored
};

/// The directories of such a slide, for tests that change them before tiff_bytes() writes them. Throws std::runtime_error.
std::vector<TiffDirectory> tiff_slide_directories(const TiffSlideSettings& settings);

/// Writes a TIFF that OpenSlide opens. Throws std::runtime_error.
void write_tiff_slide(const std::filesystem::path& path, const TiffSlideSettings& settings);

/// The alpha that rgb_alpha pixels get: whole tiles opaque, others a ramp from 0 to 255.
std::uint8_t alpha_at(std::int64_t x, std::int64_t y);

/// Something like stained tissue: pink ground, purple nuclei, white gaps, noise. Different everywhere.
TiffSlideLevel tissue_level(Size size);

/// `sizes[0]` of tissue, and area averages of it for every further size, each a whole fraction.
std::vector<TiffSlideLevel> tissue_pyramid(const std::vector<Size>& sizes);

/// Overwrites stored bytes of tile `number` (row-major) of the full resolution, so that decoding it fails.
void damage_tile(const std::filesystem::path& path, int number);

/// Makes the file claim a compression that no reader knows: OpenSlide recognises it and then cannot open it.
void damage_compression_tag(const std::filesystem::path& path);

}  // namespace microtome
