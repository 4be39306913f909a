// SPDX-License-Identifier: Apache-2.0
// Which level pixels are read from.
#pragma once

#include <functional>

#include "tiling/slide.h"

namespace microtome {

/// Index of the coarsest trusted level that `serves` and is no coarser than target_mpp by more than `slack` (a share, e.g. 0.01); the
/// finest level where there is none. Of levels within 1 % of each other the one with the least reduction: a stored level of the same scale
/// costs a quarter of the decoding, and is what every other tool reads.
int choose_level(const SlideInfo& info, double slide_mpp, double target_mpp, double slack, const std::function<bool(const Level&)>& serves);

/// The stored level that a level is decoded from: itself unless it is a reduced one. What documents name, for other programs know no other.
int stored_level(const SlideInfo& info, int level);

}  // namespace microtome
