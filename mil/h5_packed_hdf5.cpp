// SPDX-License-Identifier: Apache-2.0
// The chunks go past the library's own filters: what these would have made of them is made here.
#include "mil/h5_packed.h"

#include <hdf5.h>

#include <algorithm>
#include <cstring>

#include "mil/h5_file.h"
#include "mil/zlib_packing.h"

namespace microtome {

namespace {

constexpr std::uint32_t without_deflate = 1U << 1;  // the second filter was left out

/// The first bytes of all values, then the second ones, and so on.
void shuffle(const std::vector<char>& chunk, std::size_t value_bytes, std::vector<char>& out) {
  const std::size_t count = chunk.size() / value_bytes;
  out.resize(chunk.size());
  for (std::size_t byte = 0; byte < value_bytes; ++byte) {
    for (std::size_t i = 0; i < count; ++i) out[byte * count + i] = chunk[i * value_bytes + byte];
  }
}

}  // namespace

void write_h5_packed(std::int64_t dataset, const void* values, std::size_t value_bytes, const std::vector<std::uint64_t>& shape,
                     std::uint64_t chunk_rows, const std::string& wanted) {
  std::size_t row_bytes = value_bytes;
  for (std::size_t side = 1; side < shape.size(); ++side) row_bytes *= shape[side];
  std::vector<char> chunk(chunk_rows * row_bytes), shuffled, packed(chunk.size());
  std::vector<hsize_t> place(shape.size(), 0);
  for (std::uint64_t row = 0; row < shape[0]; row += chunk_rows) {
    const std::size_t bytes = std::min(chunk_rows, shape[0] - row) * row_bytes;
    std::memcpy(chunk.data(), static_cast<const char*>(values) + row * row_bytes, bytes);
    std::fill(chunk.begin() + static_cast<std::ptrdiff_t>(bytes), chunk.end(), '\0');  // the last chunk is as long as the others
    shuffle(chunk, value_bytes, shuffled);
    // no room for more than it was: then it stays as it is
    const std::size_t size = pack_zlib(shuffled, packed);
    place[0] = row;
    check_h5(H5Dwrite_chunk(dataset, H5P_DEFAULT, size == 0 ? without_deflate : 0, place.data(), size == 0 ? shuffled.size() : size,
                            size == 0 ? shuffled.data() : packed.data()),
             wanted);
  }
}

}  // namespace microtome
