// SPDX-License-Identifier: Apache-2.0
// How the slides of a run or a training found their rows: join.json (configs/schemas/join-1.json) and a summary for the screen. Slide ids are
// the only ids in either; rows and patients are counted. The same tables, slides and settings give the same bytes, in whatever order rows and
// slides come.
#pragma once

#include <string>
#include <vector>

#include "pipeline/inputs/modalities.h"

namespace microtome {

/// Of all tables that are there; null: none is.
std::vector<JoinedTable> joined_tables(const Modalities* modalities);

std::string join_json(const std::vector<JoinedTable>& tables);

/// What publishing has to remove where there is nothing to write: join.json of an earlier run with tables.
std::vector<std::string> stale_join(const std::vector<JoinedTable>& tables);

/// At most 20 lines: up to six a table while there is room, else one a table and the number of the others. Empty for no table.
std::string join_summary(const std::vector<JoinedTable>& tables);

}  // namespace microtome
