// SPDX-License-Identifier: Apache-2.0
// Data sets that are not read as a whole: ranges of rows, and single members of compound records. Internal to mil/, as h5_file.h is.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mil/h5_file.h"

namespace microtome {

/// Rows of an open data set of numbers with one dimension or two. What the data set must satisfy is checked once, here; each read costs one
/// call of the library for a range of rows, and the chunks that hold them. Throws H5Fault.
class H5Rows {
 public:
  H5Rows(const H5Node& node, bool reals_allowed);
  std::uint64_t rows() const { return rows_; }
  std::uint64_t columns() const { return columns_; }        // 1 with one dimension
  std::uint64_t chunk_rows() const { return chunk_rows_; }  // 1 without chunks
  bool is_packed() const { return packed_; }                // chunks that are compressed or filtered otherwise: read whole or not at all
  /// Rows first to first + count, row-major. The range lies inside the data set, or H5Fault.
  void read(std::uint64_t first, std::uint64_t count, float* out) const;
  void read(std::uint64_t first, std::uint64_t count, std::int32_t* out) const;  // values beyond int32 come as its ends
  void read(std::uint64_t first, std::uint64_t count, std::int64_t* out) const;

 private:
  void read_as(std::int64_t memory_type, std::uint64_t first, std::uint64_t count, void* out) const;
  H5Node dataset_;
  std::string wanted_;
  H5Handle space_;
  std::uint64_t rows_ = 0;
  std::uint64_t columns_ = 1;
  std::uint64_t chunk_rows_ = 1;
  int rank_ = 1;
  bool half_ = false;
  bool packed_ = false;
};

/// A data set of compound records: names of its members in order, and one member of all records. Throws H5Fault.
std::vector<std::string> h5_members(const H5Node& node);
H5Class h5_member_class(const H5Node& node, const std::string& member);
std::vector<std::string> h5_member_texts(const H5Node& node, const std::string& member);
std::vector<double> h5_member_numbers(const H5Node& node, const std::string& member);

}  // namespace microtome
