// SPDX-License-Identifier: Apache-2.0
// Writes and damages tiled TIFFs with libtiff.
#include <tiffio.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>

#include "tests/support/tiff_slide.h"

namespace microtome {
namespace {

using Tiff = std::unique_ptr<TIFF, decltype(&TIFFClose)>;

Tiff open_tiff(const std::filesystem::path& path, const char* mode) {
  Tiff tiff(TIFFOpen(path.c_str(), mode), &TIFFClose);
  if (!tiff) throw std::runtime_error("cannot open a TIFF for a test");
  return tiff;
}

void write_tags(TIFF* tiff, const TiffSlideSettings& settings, std::size_t index) {
  const Size size = settings.levels[index].size;
  TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, index ? FILETYPE_REDUCEDIMAGE : 0);
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, static_cast<std::uint32_t>(size.width));
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, static_cast<std::uint32_t>(size.height));
  TIFFSetField(tiff, TIFFTAG_TILEWIDTH, static_cast<std::uint32_t>(settings.tile_px));
  TIFFSetField(tiff, TIFFTAG_TILELENGTH, static_cast<std::uint32_t>(settings.tile_px));
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 8);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 3);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, settings.jpeg ? COMPRESSION_JPEG : COMPRESSION_ADOBE_DEFLATE);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, settings.jpeg ? PHOTOMETRIC_YCBCR : PHOTOMETRIC_RGB);
  if (settings.jpeg) {
    TIFFSetField(tiff, TIFFTAG_JPEGQUALITY, 95);
    TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
  }
  if (!settings.description.empty()) TIFFSetField(tiff, TIFFTAG_IMAGEDESCRIPTION, settings.description.c_str());
  if (settings.pixels_per_cm > 0) {
    TIFFSetField(tiff, TIFFTAG_XRESOLUTION, settings.pixels_per_cm);
    TIFFSetField(tiff, TIFFTAG_YRESOLUTION, settings.pixels_per_cm);
    TIFFSetField(tiff, TIFFTAG_RESOLUTIONUNIT, RESUNIT_CENTIMETER);
  }
}

void write_tiles(TIFF* tiff, const TiffSlideLevel& level, std::int64_t side) {
  std::vector<std::uint8_t> tile(side * side * 3);
  for (std::int64_t top = 0; top < level.size.height; top += side) {
    for (std::int64_t left = 0; left < level.size.width; left += side) {
      std::fill(tile.begin(), tile.end(), 0);
      const std::int64_t width = std::min(side, level.size.width - left), height = std::min(side, level.size.height - top);
      for (std::int64_t y = 0; y < height; ++y) {
        std::copy_n(&level.rgb[((top + y) * level.size.width + left) * 3], width * 3, &tile[y * side * 3]);
      }
      if (TIFFWriteTile(tiff, tile.data(), static_cast<std::uint32_t>(left), static_cast<std::uint32_t>(top), 0, 0) < 0) {
        throw std::runtime_error("cannot write a tile for a test");
      }
    }
  }
}

}  // namespace

void write_tiff_slide(const std::filesystem::path& path, const TiffSlideSettings& settings) {
  const Tiff tiff = open_tiff(path, "w");
  for (std::size_t i = 0; i < settings.levels.size(); ++i) {
    write_tags(tiff.get(), settings, i);
    write_tiles(tiff.get(), settings.levels[i], settings.tile_px);
    TIFFWriteDirectory(tiff.get());
  }
}

void damage_tile(const std::filesystem::path& path, int number) {
  std::uint64_t *offsets = nullptr, *sizes = nullptr, offset = 0, size = 0;
  {
    const Tiff tiff = open_tiff(path, "r");
    if (!TIFFGetField(tiff.get(), TIFFTAG_TILEOFFSETS, &offsets) || !TIFFGetField(tiff.get(), TIFFTAG_TILEBYTECOUNTS, &sizes)) {
      throw std::runtime_error("cannot find the tiles of a test's TIFF");
    }
    offset = offsets[number];
    size = sizes[number];
  }
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(offset));
  const std::string noise(size, '\xff');
  file.write(noise.data(), static_cast<std::streamsize>(noise.size()));
}

void damage_compression_tag(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  // tag 259, SHORT, one value, 8 = deflate
  const std::string deflate("\x03\x01\x03\x00\x01\x00\x00\x00\x08\x00", 10);
  for (std::size_t at = 0; (at = bytes.find(deflate, at)) != std::string::npos; at += deflate.size()) bytes.replace(at + 8, 2, "\x0f\x27");
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace microtome
