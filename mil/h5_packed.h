// SPDX-License-Identifier: Apache-2.0
// Chunks that are shuffled and deflated here instead of in the HDF5 library, which is slow at it. Internal to mil/. Throws H5Fault.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace microtome {

/// All values of a new data set with shuffle and deflate, in chunks of chunk_rows whole rows. Values lie in memory as on disk, value_bytes
/// each.
void write_h5_packed(std::int64_t dataset, const void* values, std::size_t value_bytes, const std::vector<std::uint64_t>& shape,
                     std::uint64_t chunk_rows, const std::string& wanted);

}  // namespace microtome
