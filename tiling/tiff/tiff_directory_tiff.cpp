// SPDX-License-Identifier: Apache-2.0
// Directories by libtiff, then our own doubts about them.
#include <fmt/format.h>
#include <tiffio.h>

#include <array>
#include <optional>

#include "tiling/tiff/tiff_directory.h"
#include "tiling/tiff/tiff_handle.h"

namespace microtome {
namespace {

constexpr int kMostDirectories = 1000;
constexpr std::uint32_t kMostSide = 1u << 30;                    // of an image
constexpr std::int64_t kMostTilePixels = std::int64_t{1} << 24;  // of a stored tile: 48 MiB of RGB
constexpr std::uint64_t kNowhere = ~std::uint64_t{0} >> 1;       // an offset that no file reaches
constexpr std::uint64_t kLeastPlaceBytes = 6;                    // of a tile in its directory: offset and byte count
constexpr int kAperioYcbcr = 33003, kAperioRgb = 33005;

template <class T>
T tag(TIFF* tiff, std::uint32_t name, T otherwise) {
  T value{};
  return TIFFGetField(tiff, name, &value) ? value : otherwise;
}

template <class T>
T tag_or_default(TIFF* tiff, std::uint32_t name) {
  T value{};
  TIFFGetFieldDefaulted(tiff, name, &value);
  return value;
}

// The number of values that the file holds for a tag of the current directory. libtiff pads short arrays with zeros and says nothing,
// which would turn lost tiles into empty ones.
std::uint64_t stored_values(TiffHandle& handle, std::uint16_t wanted) {
  TIFF* tiff = handle.get();
  const bool big = TIFFIsBigTIFF(tiff) != 0, swapped = TIFFIsByteSwapped(tiff) != 0;
  const auto number = [&](const std::uint8_t* from, int size) {
    std::uint64_t value = 0;
    // our machines are little-endian: a swapped file is big-endian
    for (int i = 0; i < size; ++i) value |= static_cast<std::uint64_t>(from[i]) << (8 * (swapped ? size - 1 - i : i));
    return value;
  };
  std::int64_t at = static_cast<std::int64_t>(TIFFCurrentDirOffset(tiff));
  std::array<std::uint8_t, 20> raw{};
  const int head = big ? 8 : 2, entry = big ? 20 : 12;
  if (handle.read_at(at, std::span(raw).first(head)) != head) return 0;
  const std::uint64_t entries = std::min<std::uint64_t>(number(raw.data(), head), 4096);
  at += head;
  for (std::uint64_t i = 0; i < entries; ++i, at += entry) {
    if (handle.read_at(at, std::span(raw).first(entry)) != entry) return 0;
    if (number(raw.data(), 2) == wanted) return number(raw.data() + 4, big ? 8 : 4);
  }
  return 0;
}

std::optional<TileCodec> codec_of(int compression) {
  switch (compression) {
    case COMPRESSION_JPEG:
      return TileCodec::jpeg;
    case kAperioYcbcr:
    case kAperioRgb:
      return TileCodec::jpeg2000;
    case COMPRESSION_NONE:
    case COMPRESSION_LZW:
    case COMPRESSION_DEFLATE:
    case COMPRESSION_ADOBE_DEFLATE:
    case COMPRESSION_PACKBITS:
    case COMPRESSION_ZSTD:
      if (TIFFIsCODECConfigured(static_cast<std::uint16_t>(compression))) return TileCodec::libtiff;
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

std::optional<TileColour> alpha_kind(TIFF* tiff) {
  std::uint16_t count = 0;
  std::uint16_t* kinds = nullptr;
  if (!TIFFGetField(tiff, TIFFTAG_EXTRASAMPLES, &count, &kinds) || count != 1) return std::nullopt;
  // an unspecified fourth sample counts as premultiplied alpha, as libtiff's own RGBA reader has it
  return kinds[0] == EXTRASAMPLE_UNASSALPHA ? TileColour::rgb_alpha : TileColour::rgb_alpha_premultiplied;
}

std::optional<TileColour> colour_of(TIFF* tiff, TileCodec codec, int compression) {
  const int samples = tag_or_default<std::uint16_t>(tiff, TIFFTAG_SAMPLESPERPIXEL);
  const int photometric = tag<std::uint16_t>(tiff, TIFFTAG_PHOTOMETRIC, 0xffff);
  if (codec == TileCodec::jpeg2000) {
    if (samples != 3) return std::nullopt;
    return compression == kAperioYcbcr ? TileColour::ycbcr : TileColour::rgb;
  }
  if (photometric == PHOTOMETRIC_RGB && samples == 3) return TileColour::rgb;
  if (photometric == PHOTOMETRIC_MINISBLACK && samples == 1) return TileColour::grey;
  if (codec == TileCodec::jpeg) {
    if (photometric == PHOTOMETRIC_YCBCR && samples == 3) return TileColour::ycbcr;
    return std::nullopt;
  }
  if (photometric == PHOTOMETRIC_MINISWHITE && samples == 1) return TileColour::inverted_grey;
  if (photometric == PHOTOMETRIC_RGB && samples == 4) return alpha_kind(tiff);
  return std::nullopt;
}

std::string require_plain(TIFF* tiff) {
  if (tag_or_default<std::uint16_t>(tiff, TIFFTAG_BITSPERSAMPLE) != 8) return "its samples are not 8 bits wide";
  if (tag_or_default<std::uint16_t>(tiff, TIFFTAG_SAMPLEFORMAT) != SAMPLEFORMAT_UINT) return "its samples are not unsigned";
  if (tag_or_default<std::uint16_t>(tiff, TIFFTAG_PLANARCONFIG) != PLANARCONFIG_CONTIG) return "its colours are stored apart";
  if (tag_or_default<std::uint16_t>(tiff, TIFFTAG_ORIENTATION) != ORIENTATION_TOPLEFT) return "it is stored turned";
  if (tag<std::uint32_t>(tiff, TIFFTAG_IMAGEDEPTH, 1) > 1) return "it has several planes";
  return {};
}

std::string require_sane(const TiffImage& image) {
  const auto sane = [](std::int64_t side) { return side > 0 && side <= kMostSide; };
  if (!sane(image.size.width) || !sane(image.size.height))
    return fmt::format("it claims {} x {} pixels", image.size.width, image.size.height);
  if (!sane(image.tile.width) || !sane(image.tile.height) || image.tile.width * image.tile.height > kMostTilePixels) {
    return fmt::format("it claims stored tiles of {} x {} pixels", image.tile.width, image.tile.height);
  }
  return {};
}

// `room`: how many more tiles the file can have; lies would take memory.
std::string read_places(TiffHandle& handle, std::uint64_t& room, TiffImage& image) {
  TIFF* tiff = handle.get();
  const auto tiles = static_cast<std::uint64_t>(image.columns() * image.rows());
  if (tiles > room) return fmt::format("it claims {} x {} stored tiles, more tiles than the file can hold", image.columns(), image.rows());
  room -= tiles;
  std::uint64_t *offsets = nullptr, *counts = nullptr;
  if (tiles != TIFFNumberOfTiles(tiff) || !TIFFGetField(tiff, TIFFTAG_TILEOFFSETS, &offsets) ||
      !TIFFGetField(tiff, TIFFTAG_TILEBYTECOUNTS, &counts) || !offsets || !counts) {
    return "where its tiles lie cannot be read";
  }
  image.offsets.assign(offsets, offsets + tiles);
  image.byte_counts.assign(counts, counts + tiles);
  const std::uint64_t told = std::min(stored_values(handle, TIFFTAG_TILEOFFSETS), stored_values(handle, TIFFTAG_TILEBYTECOUNTS));
  for (std::uint64_t i = told; i < tiles; ++i) {
    image.offsets[i] = kNowhere;
    image.byte_counts[i] = 1;
  }
  return {};
}

std::string read_image(TiffHandle& handle, std::uint64_t& room, TiffImage& image) {
  TIFF* tiff = handle.get();
  if (std::string why = require_plain(tiff); !why.empty()) return why;
  image.size = {tag<std::uint32_t>(tiff, TIFFTAG_IMAGEWIDTH, 0), tag<std::uint32_t>(tiff, TIFFTAG_IMAGELENGTH, 0)};
  image.tile = {tag<std::uint32_t>(tiff, TIFFTAG_TILEWIDTH, 0), tag<std::uint32_t>(tiff, TIFFTAG_TILELENGTH, 0)};
  if (std::string why = require_sane(image); !why.empty()) return why;
  const int compression = tag_or_default<std::uint16_t>(tiff, TIFFTAG_COMPRESSION);
  const auto codec = codec_of(compression);
  if (!codec) return fmt::format("its compression {} is unknown here", compression);
  const auto colour = colour_of(tiff, *codec, compression);
  if (!colour) return "its colours are stored in a way unknown here";
  image.codec = *codec;
  image.colour = *colour;
  image.reduced = (tag_or_default<std::uint32_t>(tiff, TIFFTAG_SUBFILETYPE) & FILETYPE_REDUCEDIMAGE) != 0;
  std::uint32_t length = 0;
  const void* tables = nullptr;
  if (image.codec == TileCodec::jpeg && TIFFGetField(tiff, TIFFTAG_JPEGTABLES, &length, &tables) && tables) {
    const auto* begin = static_cast<const std::uint8_t*>(tables);
    image.jpeg_tables.assign(begin, begin + length);
  }
  return read_places(handle, room, image);
}

void read_description(TIFF* tiff, TiffFile& file) {
  const char* text = nullptr;
  if (TIFFGetField(tiff, TIFFTAG_IMAGEDESCRIPTION, &text) && text) file.description = text;
  file.x_resolution = tag<float>(tiff, TIFFTAG_XRESOLUTION, 0);
  file.y_resolution = tag<float>(tiff, TIFFTAG_YRESOLUTION, 0);
  const int unit = tag_or_default<std::uint16_t>(tiff, TIFFTAG_RESOLUTIONUNIT);
  file.resolution_unit = unit == RESUNIT_INCH ? "inch" : unit == RESUNIT_CENTIMETER ? "centimeter" : "";
}

}  // namespace

TiffFile read_tiff_file(const ByteSource& bytes) {
  TiffFile file;
  TiffHandle handle(bytes);
  TIFF* tiff = handle.get();
  if (!tiff) {
    file.why_not = handle.error.empty() ? "it is no TIFF" : handle.error;
    return file;
  }
  file.is_tiff = true;
  read_description(tiff, file);
  std::uint64_t room = static_cast<std::uint64_t>(bytes.size()) / kLeastPlaceBytes;
  for (int index = 0;; ++index) {
    if (index == kMostDirectories) {
      file.why_not = fmt::format("it has more than {} directories", kMostDirectories);
      return file;
    }
    if (TIFFIsTiled(tiff)) {
      TiffImage image;
      image.index = index;
      if (std::string why = read_image(handle, room, image); !why.empty()) {
        file.why_not = fmt::format("directory {}: {}", index, why);
        return file;
      }
      file.images.push_back(std::move(image));
    } else if (index == 0) {
      file.why_not = "its pixels are not stored as tiles";
      return file;
    }
    handle.error.clear();
    if (TIFFLastDirectory(tiff)) break;
    if (!TIFFReadDirectory(tiff)) {
      file.why_not = fmt::format("directory {}: {}", index + 1, handle.error.empty() ? "it cannot be read" : handle.error);
      return file;
    }
  }
  return file;
}

}  // namespace microtome
