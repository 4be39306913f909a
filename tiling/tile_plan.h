// SPDX-License-Identifier: Apache-2.0
// Mask x grid -> the ordered tiles of one slide.
#pragma once

#include <cstdint>
#include <vector>

#include "tiling/tile_grid.h"
#include "tiling/tissue.h"

namespace microtome {

struct PlannedTile {
  Level0Point origin;       // top left
  std::int32_t column = 0;  // position on the grid
  std::int32_t row = 0;
  float tissue_fraction = 0;  // share of the tile's area inside the mask, exact over mask pixels cut by the tile's edge
};

struct TilePlan {
  TileGeometry geometry;
  std::vector<PlannedTile> tiles;  // row-major: sorted by row, then column
};

/// Every grid tile of info.bounds with tissue_fraction >= settings.min_tissue (and > 0). No tissue: an empty plan, not an error.
TilePlan plan_tiles(const SlideInfo& info, const TileGeometry& geometry, const TissueMask& mask, const TilingSettings& settings);

/// The order in which tiles are best read, as indices: row by row within vertical strips of 16 columns. Batches of such neighbours share
/// source tiles, and what two rows share is still in the reader's cache when the second row comes, however wide the slide is.
std::vector<std::uint32_t> reading_order(const std::vector<PlannedTile>& tiles);

}  // namespace microtome
