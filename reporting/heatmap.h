// SPDX-License-Identifier: Apache-2.0
// Scores + coordinates -> raster. Pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tiling/geometry.h"

namespace microtome {

/// RGBA, 8 bits, not premultiplied, row-major. Alpha 0 where no tile was read: "not analysed" differs from "low".
struct RasterRgba {
  Size size;
  std::vector<std::uint8_t> rgba;
};

/// What to draw. Tile i is the level-0 square at coords[2i], coords[2i+1] of side `side_level0`. The raster covers the whole slide from
/// (0,0): width = ceil(slide width / downsample); pixel (i,j) is painted by tiles that contain the level-0 point ((i+.5)*downsample,
/// (j+.5)*downsample); overlapping tiles are averaged.
struct HeatmapRequest {
  std::span<const std::int64_t> coords;  // (N,2)
  std::span<const float> scores;         // (N), already scaled to 0..1 for the colour map
  double side_level0 = 0;
  Size slide;           // level-0 size
  int downsample = 16;  // integer, so that heatmap pixel * downsample = slide pixel
};

/// A power of two that keeps the longer side at or below 4096 pixels and the shorter at or above 64 where the slide allows it; small slides
/// get at least two pyramid levels.
int heatmap_downsample(Size slide);

RasterRgba draw_heatmap(const HeatmapRequest& request);

/// rankdata(average)/n, in (0,1]: the percentile of each score within its slide (scipy.stats.rankdata).
std::vector<float> percentile_ranks(std::span<const float> scores);

/// The magma colour map at v in 0..1 (perceptually uniform; values from a 256-entry table). NaN is transparent by the caller.
Rgb heat_colour(double v);

}  // namespace microtome
