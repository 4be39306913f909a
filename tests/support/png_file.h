// SPDX-License-Identifier: Apache-2.0
// Small PNG files of every kind, for tests of what reads them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "tiling/geometry.h"

namespace microtome {

enum class PngColour { grey, rgb, palette, grey_alpha, rgb_alpha };

struct PngFile {
  Size size;
  PngColour colour = PngColour::grey;
  int bits = 8;                    // of a sample
  std::vector<std::uint8_t> rows;  // as stored: whole bytes a row, samples packed, 16 bits big-endian
  bool interlaced = false;
};

/// A palette has 256 entries, entry i being the grey (i, i, i) and entry 9 fully transparent. Throws std::runtime_error.
void write_png(const std::filesystem::path& path, const PngFile& file);

}  // namespace microtome
