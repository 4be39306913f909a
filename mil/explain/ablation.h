// SPDX-License-Identifier: Apache-2.0
// A survival model of tiles and tables asked again with one of its inputs taken away. Internal to mil/: torch types.
#pragma once

#include <cstddef>
#include <vector>

#include "mil/aggregators/mil_network.h"

namespace microtome {

/// The risk where what was learned for a missing input stands in for the tiles (`missing` 0) or for table missing - 1 of the card. Throws BagError as
/// MilNetwork::input does. Costs a pass; without the tiles, next to nothing.
double risk_without(const MilNetwork& network, const Bag& bag, std::vector<TableRow> tables, std::size_t missing);

}  // namespace microtome
