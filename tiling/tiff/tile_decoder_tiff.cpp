// SPDX-License-Identifier: Apache-2.0
// Deflate, LZW, PackBits, Zstandard and stored bytes through libtiff, which also undoes predictors.
#include <tiffio.h>

#include <algorithm>
#include <vector>

#include "tiling/tiff/tiff_handle.h"
#include "tiling/tiff/tile_decoder.h"

namespace microtome {
namespace {

// Products of bytes as libtiff rounds them, so that straight alpha gives the pixels its RGBA reader gives.
int scaled(int value, int alpha) { return (value * alpha + 127) / 255; }

std::uint8_t over(int premultiplied, int background, int alpha) {
  return static_cast<std::uint8_t>(std::min(255, premultiplied + scaled(background, 255 - alpha)));
}

int samples_of(TileColour colour) {
  switch (colour) {
    case TileColour::grey:
    case TileColour::inverted_grey:
      return 1;
    case TileColour::rgb_alpha:
    case TileColour::rgb_alpha_premultiplied:
      return 4;
    default:
      return 3;
  }
}

class LibtiffDecoder : public TileDecoder {
 public:
  LibtiffDecoder(const TiffImage& image, const ByteSource& bytes, Rgb background)
      : image_(image), handle_(bytes), background_{background.r, background.g, background.b} {
    ready_ = handle_.get() && TIFFSetDirectory(handle_.get(), static_cast<tdir_t>(image.index));
    samples_.resize(image.tile.width * image.tile.height * samples_of(image.colour));
  }

  std::string decode(std::span<const std::uint8_t> stored, int, std::uint8_t* rgb, std::int64_t row_bytes) override {
    handle_.error.clear();
    // libtiff may turn bits round in place, and turns them back
    auto* bytes = const_cast<std::uint8_t*>(stored.data());
    const bool good = ready_ && TIFFReadFromUserBuffer(handle_.get(), 0, bytes, static_cast<tmsize_t>(stored.size()), samples_.data(),
                                                       static_cast<tmsize_t>(samples_.size()));
    if (!good || !handle_.error.empty()) return handle_.error.empty() ? "libtiff cannot decode the bytes" : handle_.error;
    const int samples = samples_of(image_.colour);
    for (std::int64_t y = 0; y < image_.tile.height; ++y) {
      write_row(&samples_[y * image_.tile.width * samples], rgb + y * row_bytes);
    }
    return {};
  }

 private:
  void write_row(const std::uint8_t* from, std::uint8_t* rgb) const {
    const std::int64_t width = image_.tile.width;
    switch (image_.colour) {
      case TileColour::grey:
      case TileColour::inverted_grey: {
        const std::uint8_t flip = image_.colour == TileColour::grey ? 0 : 255;
        for (std::int64_t x = 0; x < width; ++x, rgb += 3) rgb[0] = rgb[1] = rgb[2] = from[x] ^ flip;
        break;
      }
      case TileColour::rgb_alpha:
      case TileColour::rgb_alpha_premultiplied:
        for (std::int64_t x = 0; x < width; ++x, from += 4, rgb += 3) write_over_background(from, rgb);
        break;
      default:
        std::copy_n(from, width * 3, rgb);
    }
  }

  void write_over_background(const std::uint8_t* rgba, std::uint8_t* rgb) const {
    const int alpha = rgba[3];
    const bool straight = image_.colour == TileColour::rgb_alpha;
    for (int c = 0; c < 3; ++c) rgb[c] = over(straight ? scaled(rgba[c], alpha) : rgba[c], background_[c], alpha);
  }

  const TiffImage& image_;
  TiffHandle handle_;
  std::uint8_t background_[3];
  bool ready_ = false;
  std::vector<std::uint8_t> samples_;
};

}  // namespace

std::unique_ptr<TileDecoder> make_libtiff_decoder(const TiffImage& image, const ByteSource& bytes, Rgb background) {
  return std::make_unique<LibtiffDecoder>(image, bytes, background);
}

// "LIBTIFF, Version 4.5.0\nCopyright ..."
std::string libtiff_library() {
  const std::string text = TIFFGetVersion();
  const std::size_t begin = text.find("Version ") + 8;
  return "libtiff " + text.substr(begin, text.find('\n') - begin);
}

}  // namespace microtome
