// SPDX-License-Identifier: Apache-2.0
// Round structures in the stroma of a synthetic section: glands (a lining of cells around a pale lumen) and small vessels.
#pragma once

#include <cstdint>
#include <vector>

#include "tiling/specimen/canvas.h"
#include "tiling/specimen/fields.h"

namespace microtome {

struct Gland {
  float x = 0;  // microns
  float y = 0;
  float radius = 40;  // microns to the outer edge of the lining, on average
  float stretch = 1;  // longer this much in one direction, shorter by it in the other
  float dx = 1;       // the long direction
  float dy = 0;
  float lining = 15;  // thickness in microns
  bool vessel = false;
  std::uint32_t seed = 0;

  /// 0 in the middle, 1 on the outer edge; offsets in microns from the middle.
  float depth(float offset_x, float offset_y) const;
};

/// The glands and vessels that may reach into a square with the given corner, or so near that they matter to what lies in it.
std::vector<Gland> glands_near(const SpecimenFields& fields, float x0_um, float y0_um, float side_um);

void draw_gland(Canvas& canvas, const Gland& gland);

}  // namespace microtome
