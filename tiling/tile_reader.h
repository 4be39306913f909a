// SPDX-License-Identifier: Apache-2.0
// The pixels of one tile at the target scale.
#pragma once

#include <cstdint>
#include <span>

#include "tiling/slide.h"
#include "tiling/tile_plan.h"

namespace microtome {

/// Name of the resampling kernel, recorded in documents.
inline constexpr const char* kResamplingKernel = "triangle-antialiased";

/// Reads the tile from geometry.level and resamples once, exactly to tile_px x tile_px, RGB rows into `rgb`
/// (tile_px * tile_px * 3 bytes). The tile's real box is honoured: no edge is rounded to a level pixel. Where the level's scale equals the
/// target's the bytes are the level's own. Throws SlideError (read_failed).
void read_tile(const Slide& slide, const TileGeometry& geometry, Level0Point origin, std::span<std::uint8_t> rgb);

/// Antialiased triangle resampling of the real `box` of an RGB raster, edges clamped to the raster; the arithmetic is that of
/// PIL.Image.resize(BILINEAR, box=...) up to its rounding (at most 1/255).
void resample_rgb(std::span<const std::uint8_t> source, Size source_size, RasterBox box, std::span<std::uint8_t> target, Size target_size);

}  // namespace microtome
