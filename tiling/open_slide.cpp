// SPDX-License-Identifier: Apache-2.0
// Which reader a file gets.
#include <cassert>

#include "tiling/readers.h"
#include "tiling/slide.h"

namespace microtome {

WindowShift read_window(const Slide& slide, int level, std::int64_t x, std::int64_t y, Size size, std::span<std::uint8_t> rgb) {
  assert(rgb.size() == static_cast<std::size_t>(size.width * size.height * 3));
  LevelWindow window;
  window.x = x;
  window.y = y;
  window.size = size;
  window.rgb = rgb.data();
  window.row_bytes = size.width * 3;
  slide.read(level, {&window, 1}, nullptr);
  if (!window.error.empty()) throw SlideError("read_failed", window.error);
  return {window.shift_x, window.shift_y};
}

std::unique_ptr<Slide> open_slide(const std::filesystem::path& path) { return open_with_openslide(path); }

bool looks_like_slide(const std::filesystem::path& path) { return !openslide_vendor(path).empty(); }

}  // namespace microtome
