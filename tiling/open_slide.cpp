// SPDX-License-Identifier: Apache-2.0
// Which reader a file gets.
#include <fmt/format.h>

#include <cassert>

#include "tiling/readers.h"
#include "tiling/slide.h"
#include "tiling/tiff/tiff_directory.h"
#include "tiling/tiff/tile_decoder.h"

namespace microtome {

WindowShift read_window(const Slide& slide, int level, std::int64_t x, std::int64_t y, Size size, std::span<std::uint8_t> rgb) {
  assert(rgb.size() == static_cast<std::size_t>(size.width * size.height * 3));
  LevelWindow window;
  window.x = x;
  window.y = y;
  window.size = size;
  window.rgb = rgb.data();
  window.row_bytes = size.width * 3;
  slide.read(level, {&window, 1}, slide.fetch(level, {&window, 1}).get());
  if (!window.error.empty()) throw SlideError("read_failed", window.error);
  return {window.shift_x, window.shift_y};
}

std::unique_ptr<Slide> open_slide(const std::filesystem::path& path) {
  // vendors with a TIFF dialect of their own (Ventana, Leica, Philips, Hamamatsu) are OpenSlide's
  const std::string vendor = openslide_vendor(path);
  if (!vendor.empty() && vendor != "aperio" && vendor != "generic-tiff") return open_with_openslide(path);
  std::string why_not;
  if (auto slide = open_with_tiff(open_file_bytes(path), why_not)) return slide;
  if (!vendor.empty() || why_not.empty()) return open_with_openslide(path);
  throw SlideError("not_a_slide", fmt::format("open the slide: {} does not know this TIFF's format, and read directly: {}: "
                                              "check that the file is complete, convert it to a tiled TIFF, or leave it out of the archive",
                                              slide_library_version(), why_not));
}

std::vector<std::pair<std::string, std::string>> slide_libraries() {
  std::vector<std::pair<std::string, std::string>> libraries;
  for (const std::string& text : {slide_library_version(), jpeg_library(), jpeg2000_library(), libtiff_library()}) {
    libraries.emplace_back(text.substr(0, text.rfind(' ')), text.substr(text.rfind(' ') + 1));
  }
  return libraries;
}

bool looks_like_slide(const std::filesystem::path& path) {
  if (!openslide_vendor(path).empty()) return true;
  try {
    return read_tiff_file(*open_file_bytes(path)).why_not.empty();
  } catch (const SlideError&) {
    return false;
  }
}

}  // namespace microtome
