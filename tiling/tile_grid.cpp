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
constexpr double kLeftToAverage = 4;         // level pixels to a tile's pixel
constexpr double kRoundingNoise = 1e-6;      // level-0 pixels

bool is_whole(double value) { return std::abs(value - std::round(value)) < kRoundingNoise; }

// Every tile of the grid is tile_px of the level's own pixels, with nothing left to resample.
bool lies_on_pixels(const SlideInfo& info, const Level& level, const TileGeometry& geometry) {
  const double d = level.downsample;
  return level.offset == 0 && is_whole(d) && std::abs(geometry.side_level0 / d - geometry.tile_px) < kRoundingNoise &&
         is_whole(geometry.step_level0 / d) && is_whole(info.bounds.x_level0 / d) && is_whole(info.bounds.y_level0 / d);
}

// Where a level that the codec reduces may stand for the full one. Measured on tissue against area averages of the full decoding: on its
// own pixels half-size JPEG is 54 dB near, and tiles that average four of its pixels or more stay above 40 dB; but shifted by part of a
// pixel it is 34 to 38 dB, and JPEG 2000's half band (which lies a quarter of a pixel off) 32 to 34 dB. "near" accepts those.
bool serves_reduced(const SlideInfo& info, const Level& level, const TileGeometry& geometry, bool near) {
  if (lies_on_pixels(info, level, geometry)) return true;
  const double left = geometry.side_level0 / level.downsample / geometry.tile_px;  // to be averaged
  if (left >= kLeftToAverage && level.offset == 0) return true;
  return near && left >= 1 - kCoarserThanTarget && left <= 1 + kCoarserThanTarget;
}

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
  geometry.level = choose_level(info, scale.mpp, settings.target_mpp, kCoarserThanTarget, [&](const Level& level) {
    return level.reduction == 0 || serves_reduced(info, level, geometry, settings.codec_scaling == "near");
  });
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
