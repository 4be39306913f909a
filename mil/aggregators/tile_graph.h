// SPDX-License-Identifier: Apache-2.0
// Which tiles are neighbours, by where they lie on the slide. Internal to mil/aggregators/; no torch.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace microtome {

/// Edges tile -> neighbour, sorted by tile, then by nearness. Both of one length.
struct TileGraph {
  std::vector<std::int64_t> from, to;
};

/// Every tile and its `neighbours` nearest others by level-0 distance, of equally near ones those that come first in the bag; fewer in a smaller
/// bag. coords (N, 2). N log N; 16 bytes an edge.
TileGraph nearest_neighbours(std::span<const std::int64_t> coords, std::int64_t neighbours);

}  // namespace microtome
