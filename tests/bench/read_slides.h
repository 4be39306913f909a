// SPDX-License-Identifier: Apache-2.0
// The slides of bench_read: real scanned texture, repeated until there is enough of it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "tests/bench/bigtiff.h"
#include "tests/bench/codecs.h"

namespace microtome {

struct Raster {
  Size size;
  std::vector<std::uint8_t> rgb;  // rows of RGB without gaps
};

/// Stored tiles of a real slide, as they lie in its file, whole ones only.
struct Texture {
  int tile_px = 0;
  std::int64_t columns = 0, rows = 0;
  std::vector<std::uint8_t> jpeg_tables;
  std::vector<std::vector<std::uint8_t>> tiles;  // row-major; their components are RGB
  Raster pixels;                                 // what libtiff makes of them
};

/// Throws std::runtime_error.
Texture read_texture(const std::filesystem::path& slide);

enum class BenchCodec : std::uint8_t { jpeg_rgb, jpeg_ycbcr, jpeg2000 };

/// A slide of one level and what is known of it.
struct BenchSlide {
  std::filesystem::path path;
  BenchCodec codec = BenchCodec::jpeg_rgb;
  BigTiffLevel level;
  double mpp = 0.5;
  Raster period;  // what OpenSlide reads of its first pixels; the slide repeats them to the right and down
};

/// Its tiles are the texture's own bytes.
BenchSlide make_slide_as_scanned(const std::filesystem::path& path, const Texture& texture, std::int64_t side_tiles);

/// The same pixels again as JPEG with 256-pixel tiles, YCbCr 4:2:0.
BenchSlide make_slide_of_256(const std::filesystem::path& path, const Texture& texture, std::int64_t side_tiles);

/// ... as JPEG 2000, 15:1.
BenchSlide make_slide_of_jpeg2000(const std::filesystem::path& path, const Texture& texture, std::int64_t side_tiles);

/// The bare library for a slide's tiles.
std::unique_ptr<BareDecoder> make_bare_decoder(const BenchSlide& slide);

}  // namespace microtome
