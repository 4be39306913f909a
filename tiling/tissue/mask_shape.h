// SPDX-License-Identifier: Apache-2.0
// Shapes of a mask: what is wide, what is connected, what is small. Pure functions on rows of 0 and 1. All work on runs of equal pixels and
// not on pixels, because masks are made of few long runs.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tiling/geometry.h"

namespace microtome {

using MaskPixels = std::vector<std::uint8_t>;  // rows of 0 and 1

/// Every pixel within `radius` pixels (centre to centre) of a set one. Cost: a few ms for 10^7 pixels at small radii.
MaskPixels dilate(const MaskPixels& mask, Size size, double radius);

/// Closing by a disc. The border neither attracts nor erodes what is set. A radius below 1 changes nothing.
MaskPixels close_gaps(const MaskPixels& mask, Size size, double radius);

/// What is at least 2 * radius wide: an opening by a disc. The border does not erode.
MaskPixels keep_wide(const MaskPixels& mask, Size size, double radius);

/// Turns connected regions of `value` smaller than `least` pixels into their surroundings. Regions of 1 connect over corners, regions of 0
/// do not; a region of 0 that reaches the border is a bay and never turned.
void flip_small(MaskPixels& mask, Size size, std::uint8_t value, double least);

/// The connected regions of `mask` (over corners) that hold at least `least` pixels of `seeds`.
MaskPixels regions_with_seeds(const MaskPixels& mask, const MaskPixels& seeds, Size size, double least);

}  // namespace microtome
