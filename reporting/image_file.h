// SPDX-License-Identifier: Apache-2.0
// Pictures on disk. Every function writes to `path` directly (the caller writes beside and renames), never a slide property, and throws
// ReportError "path: what we wanted: what the library said".
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "reporting/heatmap.h"
#include "tiling/geometry.h"

namespace microtome {

/// Once per process, on the main thread, before any other call; `threads` is libvips' own concurrency.
void start_image_library(const char* program, int threads);
std::string image_library_version();

/// Tiled RGBA deflate pyramid (page form, levels by 2, box-averaged with premultiplied alpha), resolution in pixels per cm from `mpp`
/// (microns per raster pixel). No level is smaller than one tile in either direction: OpenSlide 3.4.1 reads such levels scrambled. At least
/// two levels when the raster's shorter side is 32 or more (the tile size shrinks to fit, multiples of 16).
void write_heatmap_tiff(const std::filesystem::path& path, const RasterRgba& raster, double mpp);

/// heatmap.png: the overview in grey tones with the heatmap blended over it (alpha 0.55 where painted), so that a pathologist sees where on
/// the tissue it is hot; longest side at most 2048. `overview` RGB covers the level-0 rectangle `covered`.
void write_heatmap_png(const std::filesystem::path& path, std::span<const std::uint8_t> overview, Size overview_size, Level0Rect covered,
                       const RasterRgba& raster, int downsample);

/// thumbnail.jpg, longest side at most 1024, quality 85.
void write_thumbnail(const std::filesystem::path& path, std::span<const std::uint8_t> rgb, Size size);

}  // namespace microtome
