// SPDX-License-Identifier: Apache-2.0
// How a training went, as a picture.
#pragma once

#include <string>
#include <vector>

#include "mil/training/train.h"

namespace microtome {

/// learning_curves.svg: loss over epochs; each fold's validation loss (its training loss where nothing was validated), a line a point of the
/// grid, and the final model's training loss. "" without epochs.
std::string learning_curves_svg(const std::vector<EpochRecord>& history);

}  // namespace microtome
