// SPDX-License-Identifier: Apache-2.0
// Reads a picture back, for tests.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "tiling/geometry.h"

namespace microtome {

struct Picture {
  Size size;
  std::vector<std::uint8_t> rgb;
};

/// An RGB file of 8 bits; anything else fails the calling test.
Picture read_picture(const std::filesystem::path& path);

}  // namespace microtome
