// SPDX-License-Identifier: Apache-2.0
// Packing for HDF5's deflate filter by libdeflate, which is much faster than the zlib in the HDF5 library; every reader unpacks it.
// Internal to mil/.
#pragma once

#include <cstddef>
#include <span>

namespace microtome {

/// A zlib stream of `from` in `to`; its bytes, or 0 where it has no room. Throws std::bad_alloc.
std::size_t pack_zlib(std::span<const char> from, std::span<char> to);

}  // namespace microtome
