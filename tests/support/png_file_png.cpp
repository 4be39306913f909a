// SPDX-License-Identifier: Apache-2.0
// libpng's own writer: its errors jump, so nothing here needs destroying while it runs.
#include <png.h>

#include <cstdio>
#include <stdexcept>

#include "tests/support/png_file.h"

namespace microtome {
namespace {

int colour_type(PngColour colour) {
  switch (colour) {
    case PngColour::grey:
      return PNG_COLOR_TYPE_GRAY;
    case PngColour::rgb:
      return PNG_COLOR_TYPE_RGB;
    case PngColour::palette:
      return PNG_COLOR_TYPE_PALETTE;
    case PngColour::grey_alpha:
      return PNG_COLOR_TYPE_GRAY_ALPHA;
    case PngColour::rgb_alpha:
      return PNG_COLOR_TYPE_RGB_ALPHA;
  }
  return -1;
}

bool write_all(png_structp png, png_infop info, std::FILE* out, const PngFile& file, png_bytepp rows) {
  if (setjmp(png_jmpbuf(png))) return false;
  png_init_io(png, out);
  png_set_IHDR(png, info, static_cast<png_uint_32>(file.size.width), static_cast<png_uint_32>(file.size.height), file.bits,
               colour_type(file.colour), file.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  if (file.colour == PngColour::palette) {
    png_color colours[256];
    png_byte alpha[10] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 0};
    for (int i = 0; i < 256; ++i) colours[i].red = colours[i].green = colours[i].blue = static_cast<png_byte>(i);
    png_set_PLTE(png, info, colours, 1 << file.bits);
    if (file.bits >= 4) png_set_tRNS(png, info, alpha, 10, nullptr);
  }
  png_set_rows(png, info, rows);
  png_write_png(png, info, PNG_TRANSFORM_IDENTITY, nullptr);
  return true;
}

}  // namespace

void write_png(const std::filesystem::path& path, const PngFile& file) {
  const std::size_t row_bytes = file.rows.size() / static_cast<std::size_t>(file.size.height);
  std::vector<std::uint8_t> pixels = file.rows;
  std::vector<png_bytep> rows;
  for (std::int64_t y = 0; y < file.size.height; ++y) rows.push_back(pixels.data() + static_cast<std::size_t>(y) * row_bytes);
  std::FILE* out = std::fopen(path.c_str(), "wb");
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  const bool done = out != nullptr && write_all(png, info, out, file, rows.data());
  png_destroy_write_struct(&png, &info);
  if (out != nullptr) std::fclose(out);
  if (!done) throw std::runtime_error("no PNG was written");
}

}  // namespace microtome
