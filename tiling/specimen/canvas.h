// SPDX-License-Identifier: Apache-2.0
// The tile being drawn: how much of each dye lies on each pixel. Dyes and not colours, because light passes through all of them and what
// overlaps darkens as it does in a real section.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

namespace microtome {

/// Square of `size` pixels. Positions are microns of the slide; pixel (i, j) is looked at in its middle.
struct Canvas {
  Canvas(int size_px, float mpp_um) : size(size_px), mpp(mpp_um), tissue(pixels()), hematoxylin(pixels()), eosin(pixels()) {}

  std::size_t pixels() const { return static_cast<std::size_t>(size) * size; }
  float x_of(int column) const { return x0 + (static_cast<float>(column) + 0.5F) * mpp; }
  float y_of(int row) const { return y0 + (static_cast<float>(row) + 0.5F) * mpp; }
  /// Share of a pattern's contrast that this scale can show: a pattern finer than two pixels would only flicker.
  float shown(float wavelength_um) const { return std::clamp(wavelength_um / mpp - 1.5F, 0.0F, 1.0F); }
  /// Width over which an edge fades: the blur of the lens, and never less than a pixel.
  float edge_um() const { return std::max(0.6F, mpp); }

  int size;
  float mpp;
  float x0 = 0;
  float y0 = 0;
  std::vector<float> tissue;  // 0..1, share of the pixel that is tissue
  std::vector<float> hematoxylin;
  std::vector<float> eosin;
};

/// Calls draw(index, dx_um, dy_um) for the pixels of the square of half side `reach_um` around a point; the offsets are from that point.
template <class Draw>
void around(const Canvas& canvas, float x_um, float y_um, float reach_um, Draw draw) {
  const auto pixel = [&](float offset_um) { return static_cast<int>(std::floor(offset_um / canvas.mpp)); };
  const int left = std::max(0, pixel(x_um - reach_um - canvas.x0));
  const int right = std::min(canvas.size - 1, pixel(x_um + reach_um - canvas.x0));
  const int top = std::max(0, pixel(y_um - reach_um - canvas.y0));
  const int bottom = std::min(canvas.size - 1, pixel(y_um + reach_um - canvas.y0));
  for (int row = top; row <= bottom; ++row) {
    const float dy = canvas.y_of(row) - y_um;
    for (int column = left; column <= right; ++column) {
      draw(static_cast<std::size_t>(row) * canvas.size + column, canvas.x_of(column) - x_um, dy);
    }
  }
}

}  // namespace microtome
