// SPDX-License-Identifier: Apache-2.0
// Pictures on disk. Every function writes to `path` directly (the caller writes beside and renames), never a slide property, and throws
// ReportError "path: what we wanted: what the library said".
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

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

struct PictureRgb {
  Size size;
  std::vector<std::uint8_t> rgb;  // row-major
};

/// thumbnail.jpg, longest side at most 2048, quality 85.
void write_thumbnail(const std::filesystem::path& path, std::span<const std::uint8_t> rgb, Size size);

/// The pixels of a thumbnail: what heatmaps are drawn over, so that one drawn later without the slide is the same picture.
PictureRgb read_thumbnail(const std::filesystem::path& path);

/// heatmap.png: the thumbnail in grey tones with the heatmap blended over it (alpha 0.55 where painted), so that a pathologist sees where on
/// the tissue it is hot. The thumbnail covers the level-0 rectangle `covered`.
void write_heatmap_png(const std::filesystem::path& path, PictureRgb thumbnail, Level0Rect covered, const RasterRgba& raster, int downsample);

}  // namespace microtome
