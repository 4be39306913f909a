// SPDX-License-Identifier: Apache-2.0
// Where tiles start. Everything stays real until the last llround.
#include "tiling/tile_grid.h"

#include <fmt/format.h>

#include <cmath>

#include "tiling/level_choice.h"
#include "tiling/resample.h"

namespace microtome {
namespace {

constexpr double kCoarserThanTarget = 0.01;  // a level coarser by this share still serves the target
constexpr double kRoundingNoise = 1e-6;      // level-0 pixels

}  // namespace

bool is_upsampled(const Scale& scale, const TilingSettings& settings) {
  return scale.mpp > (1 + kCoarserThanTarget) * settings.target_mpp + 1e-12;
}

TileGeometry tile_geometry(const SlideInfo& info, const Scale& scale, const TilingSettings& settings) {
  if (is_upsampled(scale, settings) && !settings.allow_upsampling) {
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

std::string resampling_name(const SlideInfo& info, const TileGeometry& geometry) {
  const Level& level = info.levels[geometry.level];
  const bool level_pixels = std::abs(geometry.side_level0 / geometry.downsample - geometry.tile_px) < kRoundingNoise && level.offset == 0;
  const std::string codec = level.reduction ? fmt::format("codec-1/{}", 1 << level.reduction) : "";
  if (level_pixels) return codec.empty() ? "none" : codec;
  return codec.empty() ? kResamplingKernel : codec + "+" + kResamplingKernel;
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
