// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/read_slides.h"

#include <fmt/format.h>

#include <algorithm>

#include "tiling/readers.h"

namespace microtome {
namespace {

constexpr int kYCbCr = 6, kRgb = 2;
constexpr int kAperioJpeg2000Rgb = 33005;
constexpr int kQuality = 85;
constexpr double kJpeg2000Ratio = 15;

std::vector<std::uint8_t> tile_pixels(const Raster& raster, std::int64_t column, std::int64_t row, std::int64_t side) {
  std::vector<std::uint8_t> tile(static_cast<std::size_t>(side * side * 3));
  for (std::int64_t y = 0; y < side; ++y) {
    std::copy_n(&raster.rgb[((row * side + y) * raster.size.width + column * side) * 3], side * 3, &tile[y * side * 3]);
  }
  return tile;
}

// Distinct tiles of `columns` x `rows` repeated over a square of side_tiles.
void repeat(BigTiffLevel& level, std::int64_t columns, std::int64_t rows, std::int64_t side_tiles) {
  level.size = {side_tiles * level.tile_px, side_tiles * level.tile_px};
  for (std::int64_t row = 0; row < side_tiles; ++row) {
    for (std::int64_t column = 0; column < side_tiles; ++column) {
      level.places.push_back(static_cast<std::uint32_t>(row % rows * columns + column % columns));
    }
  }
}

void finish(BenchSlide& slide, std::int64_t columns, std::int64_t rows, std::int64_t side_tiles) {
  repeat(slide.level, columns, rows, side_tiles);
  write_bigtiff(slide.path, {slide.level}, fmt::format("Aperio Image Library (repeated texture)|AppMag = 20|MPP = {}", slide.mpp));
  const std::int64_t side = slide.level.tile_px;
  slide.period.size = {std::min(columns, side_tiles) * side, std::min(rows, side_tiles) * side};
  slide.period.rgb.resize(static_cast<std::size_t>(slide.period.size.width * slide.period.size.height * 3));
  const auto opened = open_with_openslide(slide.path);
  read_window(*opened, 0, 0, 0, slide.period.size, slide.period.rgb);
}

}  // namespace

BenchSlide make_slide_as_scanned(const std::filesystem::path& path, const Texture& texture, std::int64_t side_tiles) {
  BenchSlide slide;
  slide.path = path;
  slide.level.tile_px = texture.tile_px;
  slide.level.photometric = kRgb;
  slide.level.jpeg_tables = texture.jpeg_tables;
  slide.level.tiles = texture.tiles;
  finish(slide, texture.columns, texture.rows, side_tiles);
  return slide;
}

BenchSlide make_slide_of_256(const std::filesystem::path& path, const Texture& texture, std::int64_t side_tiles) {
  BenchSlide slide;
  slide.path = path;
  slide.codec = BenchCodec::jpeg_ycbcr;
  slide.level.photometric = kYCbCr;
  slide.level.chroma_ratio = 2;
  const std::int64_t side = slide.level.tile_px, columns = texture.pixels.size.width / side, rows = texture.pixels.size.height / side;
  JpegEncoder encoder(slide.level.tile_px, kQuality);
  slide.level.jpeg_tables = encoder.tables();
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t column = 0; column < columns; ++column) {
      slide.level.tiles.push_back(encoder.encode(tile_pixels(texture.pixels, column, row, side)));
    }
  }
  finish(slide, columns, rows, side_tiles);
  return slide;
}

BenchSlide make_slide_of_jpeg2000(const std::filesystem::path& path, const Texture& texture, std::int64_t side_tiles) {
  BenchSlide slide;
  slide.path = path;
  slide.codec = BenchCodec::jpeg2000;
  slide.level.compression = kAperioJpeg2000Rgb;
  slide.level.photometric = kRgb;
  // encoding is slow: a few tiles must do
  const std::int64_t columns = std::min<std::int64_t>(8, texture.pixels.size.width / slide.level.tile_px), rows = columns;
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t column = 0; column < columns; ++column) {
      const auto pixels = tile_pixels(texture.pixels, column, row, slide.level.tile_px);
      slide.level.tiles.push_back(encode_jpeg2000(pixels, slide.level.tile_px, kJpeg2000Ratio));
    }
  }
  finish(slide, columns, rows, side_tiles);
  return slide;
}

std::unique_ptr<BareDecoder> make_bare_decoder(const BenchSlide& slide) {
  if (slide.codec == BenchCodec::jpeg2000) return make_bare_jpeg2000();
  return make_bare_jpeg(slide.level.jpeg_tables, slide.codec == BenchCodec::jpeg_rgb);
}

}  // namespace microtome
