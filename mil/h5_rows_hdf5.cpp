// SPDX-License-Identifier: Apache-2.0
// Hyperslabs of whole rows.
#include <hdf5.h>

#include <array>

#include "mil/float16.h"
#include "mil/h5_reading.h"
#include "mil/h5_rows.h"
#include "mil/h5_types.h"

namespace microtome {

H5Rows::H5Rows(const H5Node& node, bool reals_allowed) : dataset_(node.again()), wanted_("read " + node.name()) {
  const std::vector<std::uint64_t> shape = node.shape();
  if (shape.empty() || shape.size() > 2) throw H5Fault(wanted_, "it has " + std::to_string(shape.size()) + " dimensions, not 1 or 2");
  const H5Handle type(H5Dget_type(dataset_.id()), H5Tclose, wanted_);
  const H5Class found = h5_class_of(type);
  if (found != H5Class::integer && found != H5Class::boolean && !(reals_allowed && found == H5Class::real)) {
    throw H5Fault(wanted_, reals_allowed ? "it does not hold numbers" : "it does not hold whole numbers");
  }
  h5_readable_count(node, type, wanted_);
  half_ = H5Tequal(type.id(), float16_type().id()) > 0;
  space_ = H5Handle(H5Dget_space(dataset_.id()), H5Sclose, wanted_);
  rank_ = static_cast<int>(shape.size());
  rows_ = shape[0];
  if (rank_ == 2) columns_ = shape[1];
  const H5Handle plist(H5Dget_create_plist(dataset_.id()), H5Pclose, wanted_);
  std::array<hsize_t, 2> chunk{1, 1};
  if (H5Pget_layout(plist.id()) == H5D_CHUNKED && H5Pget_chunk(plist.id(), 2, chunk.data()) > 0) chunk_rows_ = chunk[0];
  packed_ = H5Pget_nfilters(plist.id()) > 0;
}

void H5Rows::read_as(std::int64_t memory_type, std::uint64_t first, std::uint64_t count, void* out) const {
  if (count == 0 || columns_ == 0) return;
  if (first > rows_ || count > rows_ - first) throw H5Fault(wanted_, "rows beyond its end are asked for");
  const std::array<hsize_t, 2> start{first, 0};
  const std::array<hsize_t, 2> sides{count, columns_};
  check_h5(H5Sselect_hyperslab(space_.id(), H5S_SELECT_SET, start.data(), nullptr, sides.data(), nullptr), wanted_);
  const H5Handle memory(H5Screate_simple(rank_, sides.data(), nullptr), H5Sclose, wanted_);
  check_h5(H5Dread(dataset_.id(), memory_type, memory.id(), space_.id(), H5P_DEFAULT, out), wanted_);
}

void H5Rows::read(std::uint64_t first, std::uint64_t count, float* out) const {
  if (!half_) return read_as(H5T_NATIVE_FLOAT, first, count, out);
  // The library's own conversion works bit by bit.
  std::vector<std::uint16_t> bits(count * columns_);
  read_as(float16_type().id(), first, count, bits.data());
  for (std::size_t i = 0; i < bits.size(); ++i) out[i] = float_from_half(bits[i]);
}

void H5Rows::read(std::uint64_t first, std::uint64_t count, std::int32_t* out) const { read_as(H5T_NATIVE_INT32, first, count, out); }
void H5Rows::read(std::uint64_t first, std::uint64_t count, std::int64_t* out) const { read_as(H5T_NATIVE_INT64, first, count, out); }

}  // namespace microtome
