// SPDX-License-Identifier: Apache-2.0
#include <tiffio.h>

#include <algorithm>
#include <stdexcept>

#include "tests/bench/read_slides.h"

namespace microtome {
namespace {

using Tiff = std::unique_ptr<TIFF, decltype(&TIFFClose)>;

std::uint32_t number(TIFF* tiff, std::uint32_t tag) {
  std::uint32_t value = 0;
  TIFFGetField(tiff, tag, &value);
  return value;
}

void read_one(TIFF* tiff, std::uint32_t index, Texture& texture, std::int64_t column, std::int64_t row) {
  const std::int64_t side = texture.tile_px, row_bytes = 3 * side;
  std::vector<std::uint8_t> stored(TIFFGetStrileByteCount(tiff, index)), pixels(static_cast<std::size_t>(side * row_bytes));
  if (TIFFReadRawTile(tiff, index, stored.data(), static_cast<tmsize_t>(stored.size())) < 0 ||
      TIFFReadEncodedTile(tiff, index, pixels.data(), static_cast<tmsize_t>(pixels.size())) < 0) {
    throw std::runtime_error("read the real slide that benchmarks repeat: a tile of it is damaged");
  }
  texture.tiles.push_back(std::move(stored));
  for (std::int64_t y = 0; y < side; ++y) {
    std::copy_n(&pixels[y * row_bytes], row_bytes, &texture.pixels.rgb[((row * side + y) * texture.columns + column) * row_bytes]);
  }
}

}  // namespace

Texture read_texture(const std::filesystem::path& slide) {
  const Tiff tiff(TIFFOpen(slide.c_str(), "r"), &TIFFClose);
  if (!tiff)
    throw std::runtime_error(slide.string() +
                             ": read the real slide that benchmarks repeat: set MICROTOME_SHARED to the folder with slides/ in it");
  Texture texture;
  texture.tile_px = static_cast<int>(number(tiff.get(), TIFFTAG_TILEWIDTH));
  texture.columns = number(tiff.get(), TIFFTAG_IMAGEWIDTH) / texture.tile_px;
  texture.rows = number(tiff.get(), TIFFTAG_IMAGELENGTH) / texture.tile_px;
  texture.pixels.size = {texture.columns * texture.tile_px, texture.rows * texture.tile_px};
  texture.pixels.rgb.resize(static_cast<std::size_t>(texture.pixels.size.width * texture.pixels.size.height * 3));
  std::uint32_t size = 0;
  void* tables = nullptr;
  if (TIFFGetField(tiff.get(), TIFFTAG_JPEGTABLES, &size, &tables)) {
    texture.jpeg_tables.assign(static_cast<std::uint8_t*>(tables), static_cast<std::uint8_t*>(tables) + size);
  }
  for (std::int64_t row = 0; row < texture.rows; ++row) {
    for (std::int64_t column = 0; column < texture.columns; ++column) {
      const std::int64_t side = texture.tile_px;
      const auto x = static_cast<std::uint32_t>(column * side), y = static_cast<std::uint32_t>(row * side);
      read_one(tiff.get(), TIFFComputeTile(tiff.get(), x, y, 0, 0), texture, column, row);
    }
  }
  return texture;
}

}  // namespace microtome
