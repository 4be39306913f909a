// SPDX-License-Identifier: Apache-2.0
// The pixels of tiles at the target scale.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "tiling/resample.h"
#include "tiling/slide.h"
#include "tiling/tile_grid.h"

namespace microtome {

/// One tile of a batch: which, where its pixels go, and what became of it.
struct TileRead {
  Level0Point origin;           // top left
  std::uint8_t* rgb = nullptr;  // tile_px * tile_px * 3 bytes
  std::string error;            // answer: why it could not be read (a sentence without the path); empty: its pixels are good
};

/// Reads tiles of one slide from geometry.level, exactly tile_px x tile_px each. The tile's real box is honoured: no edge is rounded to a
/// level pixel. Where the box lies on the level's pixels the bytes are the level's own and go to their place without a copy between;
/// elsewhere they are resampled once (resample.h). A tile's pixels do not depend on the others of the batch. Never throws for damage.
/// Memory: what is resampled passes through at most 16 MiB (or one tile's window, where that is larger). Threads: any number at once.
void read_tiles(const Slide& slide, const TileGeometry& geometry, std::span<TileRead> tiles, const StoredBytes* fetched);

/// The stored bytes that reading these tiles will decode, see Slide::fetch.
std::shared_ptr<const StoredBytes> fetch_tiles(const Slide& slide, const TileGeometry& geometry, std::span<const TileRead> tiles);

/// One tile. Throws SlideError (read_failed).
void read_tile(const Slide& slide, const TileGeometry& geometry, Level0Point origin, std::span<std::uint8_t> rgb);

}  // namespace microtome
