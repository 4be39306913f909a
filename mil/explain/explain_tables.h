// SPDX-License-Identifier: Apache-2.0
// The explanation of one answer of one network. Internal to mil/: torch types.
#pragma once

#include "mil/aggregators/mil_network.h"
#include "mil/explain/table_explanation.h"

namespace microtome {

/// Thread-safe, on the calling thread, deterministic. Cost: 2^P forward passes for P inputs that are there, and 30 more whose gradients go to the tables
/// alone. `predicted`: the class to explain.
TableExplanation explain_tables(const MilNetwork& network, const BagInput& input, int predicted);

}  // namespace microtome
