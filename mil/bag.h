// SPDX-License-Identifier: Apache-2.0
// The tiles of one slide as a network sees them: plain data.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace microtome {

/// Row i of every member is tile i. features is row-major (n, feature_dim) float32; coords are level-0 top lefts (x, y).
struct Bag {
  std::string slide_id;
  std::int64_t feature_dim = 0;
  std::vector<float> features;
  std::vector<std::int64_t> coords;      // (n, 2)
  std::vector<float> tissue_fraction;    // (n)
  std::vector<float> focus;              // (n), tiling/quality.h
  std::vector<std::int64_t> unreadable;  // (m, 2) level-0 top lefts of planned tiles that could not be read
  std::int64_t tiles() const { return static_cast<std::int64_t>(coords.size() / 2); }
};

}  // namespace microtome
