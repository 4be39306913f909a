// SPDX-License-Identifier: Apache-2.0
// Slides for benchmarks: stored tiles laid out over a BigTIFF of any size. Written by hand because libtiff cannot let many places share one
// stored tile, which is how a slide of 10^10 pixels fits into a few MB.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tiling/geometry.h"

namespace microtome {

struct BigTiffLevel {
  Size size;
  int tile_px = 256;
  int compression = 7;   // TIFF tag 259
  int photometric = 2;   // TIFF tag 262
  int chroma_ratio = 1;  // TIFF tag 530, both axes
  std::vector<std::uint8_t> jpeg_tables;
  std::vector<std::vector<std::uint8_t>> tiles;  // distinct stored tiles
  std::vector<std::uint32_t> places;             // which of them lies at each place, row-major
  bool shared = false;                           // store each distinct tile once; otherwise once for each place

  std::int64_t columns() const { return (size.width + tile_px - 1) / tile_px; }
  std::int64_t rows() const { return (size.height + tile_px - 1) / tile_px; }
};

/// Throws std::runtime_error.
void write_bigtiff(const std::filesystem::path& path, const std::vector<BigTiffLevel>& levels, const std::string& description);

}  // namespace microtome
