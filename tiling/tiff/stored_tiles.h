// SPDX-License-Identifier: Apache-2.0
// The stored bytes of tiles: one at a time, or many fetched ahead in few reads.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tiling/slide.h"
#include "tiling/tiff/tiff_directory.h"

namespace microtome {

/// A tile that was never stored (byte count 0): nothing was scanned there.
bool is_sparse(const TiffImage& image, std::uint64_t tile);

/// The bytes of a tile: from `fetched` where it has them, else read into `buffer`. Sets `error` where the file does not have them, or
/// claims more than a tile can need.
std::span<const std::uint8_t> stored_tile(const ByteSource& bytes, const TiffImage& image, std::uint64_t tile, const StoredBytes* fetched,
                                          std::vector<std::uint8_t>& buffer, std::string& error);

/// Reads the bytes of all these tiles (sorted), neighbours in the file with one read. Tiles that cannot be had are left out.
std::shared_ptr<const StoredBytes> fetch_stored_tiles(const ByteSource& bytes, const TiffImage& image,
                                                      std::span<const std::uint64_t> tiles);

}  // namespace microtome
