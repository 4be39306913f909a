// SPDX-License-Identifier: Apache-2.0
// Writes a pyramid of JPEG tiles, level by level, as a TIFF that readers take for an Aperio slide.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

#include "tiling/geometry.h"

namespace microtome {

constexpr int kSpecimenTile = 256;

/// One level after the other, largest first; in each level every tile once. Every function throws SlideError (cannot_write).
class SpecimenFile {
 public:
  SpecimenFile(const std::filesystem::path& path, Size level0, double mpp);
  ~SpecimenFile();
  SpecimenFile(const SpecimenFile&) = delete;
  SpecimenFile& operator=(const SpecimenFile&) = delete;

  void begin_level(Size size);
  /// The tile whose top left is (x, y) of this level; `rgb` is always a whole tile, also where it overhangs.
  void write_tile(int x, int y, std::span<const std::uint8_t> rgb);
  void end_level();

 private:
  struct Handle;
  std::unique_ptr<Handle> handle_;
  Size level0_;
  double mpp_;
};

}  // namespace microtome
