// SPDX-License-Identifier: Apache-2.0
// Overview of a slide -> where its tissue is. Pure functions but for read_overview, which reads the slide.
// Method: Otsu (1979) on HSV saturation within stated limits, less pen and dust (ink.h), closing, broad pale tissue beside it (fat), then
// speck and hole rules in microns.
#pragma once

#include <cstdint>
#include <vector>

#include "tiling/geometry.h"
#include "tiling/slide.h"
#include "tiling/tiling_settings.h"

namespace microtome {

/// The bounds of a slide at a coarse scale. Pixel (i,j) covers the level-0 square that starts at
/// (origin + i*downsample) and is `downsample` wide.
struct Overview {
  Size size;
  double downsample = 1;                   // level-0 pixels per overview pixel, real
  double mpp = 0;                          // microns per overview pixel
  double x_level0 = 0, y_level0 = 0;       // of the overview's top left (the slide's bounds)
  std::vector<std::uint8_t> rgb;           // row-major
  std::vector<std::uint8_t> unknown = {};  // 1 where the slide could not be read (its pixels are grey); empty when all of it could
};

/// Same frame as the overview; inside[i] is 1 for tissue.
struct TissueMask {
  Size size;
  double downsample = 1;
  double mpp = 0;
  double x_level0 = 0, y_level0 = 0;
  std::vector<std::uint8_t> inside;
  double area_mm2 = 0;
};

/// Area-averages the smallest trusted level that is finer than settings.overview_mpp (level 0 where there is no other).
/// Reads in blocks: memory is the overview plus one block. Where the file is damaged the overview is unknown, to within 8 of its pixels.
/// `mpp` is the slide's level-0 scale. Throws SlideError (read_failed) when nothing at all can be read.
Overview read_overview(const Slide& slide, double mpp, const TissueSettings& settings);

/// What the overview could not read may hold tissue: it is planned, and its tiles then fail by themselves and are listed. The area stays
/// that of the tissue seen.
void count_unknown_as_tissue(const Overview& overview, TissueMask& mask);

/// Cost: a pass or two over the pixels and a few over the mask; some 0.15 s for 10^7 pixels.
TissueMask find_tissue(const Overview& overview, const TissueSettings& settings);

}  // namespace microtome
