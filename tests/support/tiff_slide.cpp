// SPDX-License-Identifier: Apache-2.0
// Cuts levels into tiles, has them encoded, and says in the directories what they are.
#include "tests/support/tiff_slide.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "tests/support/tile_encoder.h"

namespace microtome {
namespace {

using namespace tiff_tag;

bool contains(const std::vector<int>& numbers, int number) { return std::find(numbers.begin(), numbers.end(), number) != numbers.end(); }

int samples_of(TiffPixels pixels) {
  return pixels == TiffPixels::rgb ? 3 : pixels == TiffPixels::grey || pixels == TiffPixels::inverted_grey ? 1 : 4;
}

void append_pixel(Bytes& to, const std::uint8_t* rgb, TiffPixels pixels, std::uint8_t alpha) {
  switch (pixels) {
    case TiffPixels::grey:
      to.push_back(rgb[1]);
      return;
    case TiffPixels::inverted_grey:
      to.push_back(static_cast<std::uint8_t>(255 - rgb[1]));
      return;
    case TiffPixels::rgb_alpha_premultiplied:
      for (int c = 0; c < 3; ++c) to.push_back(static_cast<std::uint8_t>((rgb[c] * alpha + 127) / 255));
      to.push_back(alpha);
      return;
    default:
      to.insert(to.end(), rgb, rgb + 3);
      if (pixels == TiffPixels::rgb_alpha) to.push_back(alpha);
  }
}

// Past the image's edge a tile repeats the last pixel, as scanners' software does.
TilePixels cut_tile(const TiffSlideLevel& level, std::int64_t left, std::int64_t top, Size tile, TiffPixels pixels) {
  TilePixels cut{tile, samples_of(pixels), {}};
  for (std::int64_t y = top; y < top + tile.height; ++y) {
    for (std::int64_t x = left; x < left + tile.width; ++x) {
      const std::int64_t from_x = std::min(x, level.size.width - 1), from_y = std::min(y, level.size.height - 1);
      append_pixel(cut.bytes, &level.rgb[(from_y * level.size.width + from_x) * 3], pixels, alpha_at(from_x, from_y));
    }
  }
  return cut;
}

Bytes encode(const TilePixels& tile, const TiffSlideSettings& settings, bool own_tables) {
  if (settings.codec == TiffCodec::jpeg) {
    JpegTileSettings jpeg = settings.jpeg;
    if (own_tables) jpeg.quality /= 2;
    return encode_jpeg_tile(tile, jpeg, own_tables || !settings.jpeg.shared_tables);
  }
  if (settings.codec == TiffCodec::jpeg2000_rgb) return encode_jpeg2000_tile(tile, settings.jpeg2000, false);
  if (settings.codec == TiffCodec::jpeg2000_ycbcr) return encode_jpeg2000_tile(tile, settings.jpeg2000, true);
  return encode_tiff_tile(tile, settings.codec, settings.predictor);
}

std::uint64_t compression(TiffCodec codec) {
  switch (codec) {
    case TiffCodec::uncompressed:
      return 1;
    case TiffCodec::lzw:
      return 5;
    case TiffCodec::jpeg:
      return 7;
    case TiffCodec::deflate:
      return 8;
    case TiffCodec::jpeg2000_ycbcr:
      return 33003;
    default:
      return 33005;
  }
}

std::uint64_t photometric(const TiffSlideSettings& settings) {
  if (settings.pixels == TiffPixels::inverted_grey) return 0;
  if (settings.pixels == TiffPixels::grey) return 1;
  return settings.codec == TiffCodec::jpeg && settings.jpeg.ycbcr ? 6 : 2;
}

void set_codec(TiffDirectory& directory, const TiffSlideSettings& settings) {
  const int samples = samples_of(settings.pixels);
  directory.set(kBits, TiffType::short_, std::vector<std::uint64_t>(samples, 8));
  directory.set(kCompression, TiffType::short_, {compression(settings.codec)});
  directory.set(kPhotometric, TiffType::short_, {photometric(settings)});
  directory.set(kSamples, TiffType::short_, {static_cast<std::uint64_t>(samples)});
  directory.set(kPlanar, TiffType::short_, {1});
  if (settings.predictor) directory.set(kPredictor, TiffType::short_, {2});
  if (samples == 4) directory.set(kExtraSamples, TiffType::short_, {settings.pixels == TiffPixels::rgb_alpha ? 2u : 1u});
  if (settings.codec != TiffCodec::jpeg) return;
  if (settings.jpeg.shared_tables) {
    const Bytes tables = encode_jpeg_tables(settings.jpeg, samples);
    directory.set(kJpegTables, TiffType::undefined, {tables.begin(), tables.end()});
  }
  if (photometric(settings) == 6) {
    directory.set(kYcbcrSubsampling, TiffType::short_,
                  {static_cast<std::uint64_t>(settings.jpeg.across), static_cast<std::uint64_t>(settings.jpeg.down)});
    directory.set(kReferenceBlackWhite, TiffType::rational, {0, 1, 255, 1, 128, 1, 255, 1, 128, 1, 255, 1});
  }
}

TiffDirectory directory_of(const TiffSlideSettings& settings, std::size_t index) {
  const TiffSlideLevel& level = settings.levels[index];
  TiffDirectory directory;
  directory.set(kSubfileType, TiffType::long_, {index ? 1u : 0u});
  directory.set(kWidth, TiffType::long_, {static_cast<std::uint64_t>(level.size.width)});
  directory.set(kHeight, TiffType::long_, {static_cast<std::uint64_t>(level.size.height)});
  directory.set(kTileWidth, TiffType::long_, {static_cast<std::uint64_t>(settings.tile.width)});
  directory.set(kTileHeight, TiffType::long_, {static_cast<std::uint64_t>(settings.tile.height)});
  set_codec(directory, settings);
  if (!settings.description.empty()) directory.set_text(kDescription, settings.description);
  if (settings.pixels_per_cm > 0) {
    const auto thousandths = static_cast<std::uint64_t>(std::llround(settings.pixels_per_cm * 1000));
    for (const std::uint16_t tag : {kXResolution, kYResolution}) directory.set(tag, TiffType::rational, {thousandths, 1000});
    directory.set(kResolutionUnit, TiffType::short_, {3});
  }
  for (std::int64_t top = 0; top < level.size.height; top += settings.tile.height) {
    for (std::int64_t left = 0; left < level.size.width; left += settings.tile.width) {
      const int number = static_cast<int>(directory.tiles.size());
      const bool sparse = index == 0 && contains(settings.sparse, number), own = index == 0 && contains(settings.jpeg.own_tables, number);
      directory.tiles.push_back(sparse ? Bytes() : encode(cut_tile(level, left, top, settings.tile, settings.pixels), settings, own));
    }
  }
  return directory;
}

}  // namespace

std::vector<TiffDirectory> tiff_slide_directories(const TiffSlideSettings& settings) {
  std::vector<TiffDirectory> directories;
  for (std::size_t i = 0; i < settings.levels.size(); ++i) directories.push_back(directory_of(settings, i));
  return directories;
}

void write_tiff_slide(const std::filesystem::path& path, const TiffSlideSettings& settings) {
  write_bytes(path, tiff_bytes(tiff_slide_directories(settings), settings.layout));
}

std::uint8_t alpha_at(std::int64_t x, std::int64_t y) {
  return (x / 64 + y / 64) % 3 == 0 ? 255 : static_cast<std::uint8_t>((x * 3 + y * 5) % 256);
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
