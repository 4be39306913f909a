// SPDX-License-Identifier: Apache-2.0
// What a child says of a table through its pipe: the index, rows, and in place of any of them what is wrong. Internal to mil/genomics.
#pragma once

#include <cstdint>

#include "mil/genomics/table.h"
#include "mil/h5_file.h"
#include "mil/work_in_child.h"

namespace microtome {

/// All but values, genes' reference and sha256.
void send_index(Outlet& outlet, const GenomicTable& table);
/// Throws the H5Fault that the child sent instead.
GenomicTable receive_index(Inlet& inlet);

/// The rows' values follow.
void send_dense_block(Outlet& outlet, std::uint64_t rows);

struct SparseRow {
  const std::int32_t* indices;
  const float* data;
  std::uint64_t count;
};
void send_sparse_row(Outlet& outlet, SparseRow row);

void send_texts(Outlet& outlet, const std::vector<std::string>& texts);
/// Throws the H5Fault that the child sent instead.
std::vector<std::string> receive_texts(Inlet& inlet);

void send_fault(Outlet& outlet, const H5Fault& fault);

}  // namespace microtome
