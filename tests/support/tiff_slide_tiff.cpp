// SPDX-License-Identifier: Apache-2.0
// Tiles as libtiff compresses them, and damage where libtiff finds a tile.
#include <tiffio.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <stdexcept>

#include "tests/support/temp_dir.h"
#include "tests/support/tile_encoder.h"

namespace microtome {
namespace {

using Tiff = std::unique_ptr<TIFF, decltype(&TIFFClose)>;

Tiff open_tiff(const std::filesystem::path& path, const char* mode) {
  Tiff tiff(TIFFOpen(path.c_str(), mode), &TIFFClose);
  if (!tiff) throw std::runtime_error("cannot open a TIFF for a test");
  return tiff;
}

void write_one_tile(TIFF* tiff, const TilePixels& tile, std::uint16_t compression, bool predictor) {
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, static_cast<std::uint32_t>(tile.size.width));
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, static_cast<std::uint32_t>(tile.size.height));
  TIFFSetField(tiff, TIFFTAG_TILEWIDTH, static_cast<std::uint32_t>(tile.size.width));
  TIFFSetField(tiff, TIFFTAG_TILELENGTH, static_cast<std::uint32_t>(tile.size.height));
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 8);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, tile.samples);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, compression);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, tile.samples == 1 ? PHOTOMETRIC_MINISBLACK : PHOTOMETRIC_RGB);
  const std::uint16_t alpha = EXTRASAMPLE_UNSPECIFIED;
  if (tile.samples == 4) TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &alpha);
  if (predictor) TIFFSetField(tiff, TIFFTAG_PREDICTOR, PREDICTOR_HORIZONTAL);
  Bytes pixels = tile.bytes;  // libtiff may work in place
  if (TIFFWriteTile(tiff, pixels.data(), 0, 0, 0, 0) < 0 || !TIFFWriteDirectory(tiff)) {
    throw std::runtime_error("cannot write a tile for a test");
  }
}

}  // namespace

Bytes encode_tiff_tile(const TilePixels& tile, TiffCodec codec, bool predictor) {
  if (codec == TiffCodec::uncompressed) return tile.bytes;
  const TempDir folder;
  const std::filesystem::path path = folder / "tile.tif";
  write_one_tile(open_tiff(path, "w").get(), tile, codec == TiffCodec::lzw ? COMPRESSION_LZW : COMPRESSION_ADOBE_DEFLATE, predictor);
  const Tiff tiff = open_tiff(path, "r");
  Bytes stored(static_cast<std::size_t>(TIFFGetStrileByteCount(tiff.get(), 0)));
  if (TIFFReadRawTile(tiff.get(), 0, stored.data(), static_cast<tmsize_t>(stored.size())) < 0) {
    throw std::runtime_error("cannot read a tile for a test");
  }
  return stored;
}

void damage_tile(const std::filesystem::path& path, int number) {
  std::uint64_t offset = 0, size = 0;
  {
    const Tiff tiff = open_tiff(path, "r");
    offset = TIFFGetStrileOffset(tiff.get(), static_cast<std::uint32_t>(number));
    size = TIFFGetStrileByteCount(tiff.get(), static_cast<std::uint32_t>(number));
  }
  if (size == 0) throw std::runtime_error("cannot find the tile of a test's TIFF");
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(offset));
  const std::string noise(size, '\xff');
  file.write(noise.data(), static_cast<std::streamsize>(noise.size()));
}

}  // namespace microtome
