// SPDX-License-Identifier: Apache-2.0
// Which groups of a file make up a table: AnnData, one modality of MuData, 10x Cell Ranger 3 and 2. Internal to mil/genomics. Throws
// H5Fault.
#pragma once

#include <string>
#include <vector>

#include "mil/genomics/stored/matrix.h"
#include "mil/genomics/table.h"

namespace microtome {

struct StoredTable {
  GenomicTable index;  // all but values and sha256; names are unique, the matrix has its shape
  StoredMatrix matrix;
};

StoredTable open_table(const H5Node& root, const TableChoice& choice);

/// The same table's matrix alone, without reading its index.
StoredMatrix open_table_matrix(const H5Node& root, const TableChoice& choice);

/// One empty name for a file of one table.
std::vector<std::string> modalities_of(const H5Node& root);

}  // namespace microtome
