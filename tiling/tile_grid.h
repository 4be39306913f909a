// SPDX-License-Identifier: Apache-2.0
// Size, overlap and target mpp to coordinates: pure arithmetic in doubles, no pixels, no files.
#pragma once

#include <string>
#include <vector>

#include "tiling/geometry.h"
#include "tiling/slide.h"
#include "tiling/tiling_settings.h"

namespace microtome {

/// How tiles of one slide are cut. side_level0 = tile_px * target_mpp / slide_mpp stays real: tile k starts at
/// bounds.x + llround(k * step_level0), so rounding never accumulates.
struct TileGeometry {
  int tile_px = 0;
  int overlap_px = 0;
  double target_mpp = 0;
  double slide_mpp = 0;
  double side_level0 = 0;  // side of a tile in level-0 pixels
  double step_level0 = 0;  // distance between neighbours in level-0 pixels
  int level = 0;           // the level tiles are read from: the coarsest trusted one, stored or reduced, with level mpp <= 1.01 * target
  double downsample = 1;   // of that level
};

/// True where tiles would be enlarged: the slide is coarser than the target by more than the 1 % that counts as the same scale.
bool is_upsampled(const Scale& scale, const TilingSettings& settings);

/// Throws SlideError "needs_upsampling" when the slide is_upsampled and that is not allowed.
TileGeometry tile_geometry(const SlideInfo& info, const Scale& scale, const TilingSettings& settings);

/// How tiles get their scale, for documents: "none" (a level's own pixels), "codec-1/2" (decoded at a fraction), "area" (resampled) or
/// both, "codec-1/2+area".
std::string resampling_name(const SlideInfo& info, const TileGeometry& geometry);

/// Level-0 starts of the tiles along one axis that begins at `start` and is `extent` long (both level-0 pixels).
/// Sorted, first == llround(start), stride uniform to within one pixel. Without padding no tile overhangs the end;
/// with padding the last one may. An axis shorter than a tile has one start with padding and none without.
std::vector<std::int64_t> axis_starts(double start, double extent, double side, double step, bool padding);

}  // namespace microtome
