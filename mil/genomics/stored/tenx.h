// SPDX-License-Identifier: Apache-2.0
// Count matrices of 10x Cell Ranger: stored features x barcodes by column, so barcodes are rows here. Internal to mil/genomics.
#pragma once

#include <string>
#include <vector>

#include "mil/genomics/stored/layouts.h"

namespace microtome {

/// Version 2: groups of the root that are matrices, each a genome. Empty for other files.
std::vector<std::string> tenx_genomes(const H5Node& root);

/// /matrix of version 3, or a genome's group of version 2. Genes are named by id; their symbols are the column symbol. Throws H5Fault.
StoredTable open_tenx(const H5Node& group, const std::string& genome);
StoredMatrix open_tenx_matrix(const H5Node& group);

}  // namespace microtome
