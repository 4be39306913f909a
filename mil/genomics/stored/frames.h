// SPDX-License-Identifier: Apache-2.0
// obs and var of an AnnData group: index and columns, from today's data frames back to the compound records of anndata before 0.7. Internal
// to mil/genomics. Throws H5Fault.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "mil/genomics/stored/elements.h"

namespace microtome {

struct TableFrame {
  std::vector<std::string> index;              // trimmed
  std::map<std::string, TableColumn> columns;  // those that hold texts or numbers
};

/// The frame `name` of a group; its old categories lie in the frame itself or in the group's uns. A column patient_id must be understood.
TableFrame read_frame(const H5Node& group, const std::string& name);

}  // namespace microtome
