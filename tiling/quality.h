// SPDX-License-Identifier: Apache-2.0
// What can be measured about a tile's pixels before any network sees them. Measured and stored, not judged here.
#pragma once

#include <cstdint>
#include <span>

#include "tiling/geometry.h"

namespace microtome {

/// Variance of the 3x3 Laplacian of the luma (ITU-R BT.601, 0..255) over the tile's inner pixels: high is sharp.
/// 0 for a tile smaller than 3x3. Source: Pertuz, Puig, Garcia, Pattern Recognition 2013, LAP4.
float focus_measure(std::span<const std::uint8_t> rgb, Size size);

}  // namespace microtome
