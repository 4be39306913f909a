// SPDX-License-Identifier: Apache-2.0
// Real slide files for tests: tiled TIFF pyramids with chosen pixels, and ways to damage them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tiling/geometry.h"

namespace microtome {

struct TiffSlideLevel {
  Size size;
  std::vector<std::uint8_t> rgb;  // rows of RGB
};

struct TiffSlideSettings {
  std::vector<TiffSlideLevel> levels;  // full resolution first
  bool jpeg = false;                   // otherwise deflate, which keeps every byte
  int tile_px = 256;
  std::string description;   // "Aperio ...|MPP = 0.5" makes an Aperio slide of it
  double pixels_per_cm = 0;  // 0: no resolution tags
};

/// Writes a TIFF that OpenSlide opens. Throws std::runtime_error.
void write_tiff_slide(const std::filesystem::path& path, const TiffSlideSettings& settings);

/// Overwrites stored bytes of tile `number` (row-major) of the full resolution, so that decoding it fails.
void damage_tile(const std::filesystem::path& path, int number);

/// Makes the file claim a compression that no reader knows: OpenSlide recognises it and then cannot open it.
void damage_compression_tag(const std::filesystem::path& path);

}  // namespace microtome
