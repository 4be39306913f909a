// SPDX-License-Identifier: Apache-2.0
// Points, sizes and rectangles. Two frames exist and never mix: level 0 (the slide's own pixels, the frame of every
// coordinate that leaves this program) and the pixels of one pyramid level. A name says its frame.
#pragma once

#include <cstdint>

namespace microtome {

/// Width and height in pixels of whatever the owner says.
struct Size {
  std::int64_t width = 0;
  std::int64_t height = 0;
  friend bool operator==(const Size&, const Size&) = default;
};

/// One pixel of level 0; y grows downwards, (0,0) is the top left of the whole slide (not of its bounds).
struct Level0Point {
  std::int64_t x_level0 = 0;
  std::int64_t y_level0 = 0;
  friend bool operator==(const Level0Point&, const Level0Point&) = default;
};

/// A real rectangle in level-0 pixels.
struct Level0Rect {
  double x_level0 = 0;
  double y_level0 = 0;
  double width_level0 = 0;
  double height_level0 = 0;
};

/// A real rectangle in pixels of a raster that the caller names (a level, an overview, a tile read from a level).
struct RasterBox {
  double x0 = 0;
  double y0 = 0;
  double x1 = 0;
  double y1 = 0;
};

struct Rgb {
  std::uint8_t r = 255;
  std::uint8_t g = 255;
  std::uint8_t b = 255;
};

}  // namespace microtome
