// SPDX-License-Identifier: Apache-2.0
// Where tiles start. Everything stays real until the last llround.
#include "tiling/tile_grid.h"

#include <fmt/format.h>

#include <cmath>

#include "tiling/level_choice.h"

namespace microtome {
namespace {

constexpr double kCoarserThanTarget = 0.01;  // a level coarser by this share still serves the target
constexpr double kUpsamplingUnasked = 1.1;   // up to here level 0 is enlarged without asking
constexpr double kRoundingNoise = 1e-6;      // level-0 pixels

}  // namespace

TileGeometry tile_geometry(const SlideInfo& info, const Scale& scale, const TilingSettings& settings) {
  if (scale.mpp > kUpsamplingUnasked * settings.target_mpp && !settings.allow_upsampling) {
    throw SlideError("needs_upsampling", fmt::format("cut tiles at {} um/px: the slide has only {} um/px: choose a coarser target_mpp, or "
                                                     "set allow_upsampling",
                                                     settings.target_mpp, scale.mpp));
  }
  TileGeometry geometry;
  geometry.tile_px = settings.tile_px;
  geometry.overlap_px = settings.overlap_px;
  geometry.target_mpp = settings.target_mpp;
  geometry.slide_mpp = scale.mpp;
  geometry.side_level0 = settings.tile_px * settings.target_mpp / scale.mpp;
  geometry.step_level0 = (settings.tile_px - settings.overlap_px) * settings.target_mpp / scale.mpp;
  geometry.level = choose_level(info, scale.mpp, settings.target_mpp, kCoarserThanTarget);
  geometry.downsample = info.levels[geometry.level].downsample;
  return geometry;
}

std::vector<std::int64_t> axis_starts(double start, double extent, double side, double step, bool padding) {
  std::vector<std::int64_t> starts;
  const double end = start + extent;
  const std::int64_t first = std::llround(start);
  for (std::int64_t k = 0;; ++k) {
    const std::int64_t begin = first + std::llround(static_cast<double>(k) * step);
    const double tile_end = static_cast<double>(begin) + side;
    if (static_cast<double>(begin) >= end - kRoundingNoise) break;
    if (!padding && tile_end > end + kRoundingNoise) break;
    starts.push_back(begin);
    if (tile_end >= end - kRoundingNoise) break;
  }
  return starts;
}

}  // namespace microtome
