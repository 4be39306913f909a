// SPDX-License-Identifier: Apache-2.0
// The values of several statistics side by side; one that does not exist is nullopt.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "mil/evaluation/judged.h"

namespace microtome {

using Values = std::vector<std::optional<double>>;

/// a - b, one by one; nothing where either is missing. Same size.
Values minus(const Values& a, const Values& b);

/// Of each statistic, its mean over the sets that have it; nothing where none has. Sets of one size, at least one.
Values mean_of(const std::vector<Values>& sets);

/// The weights of these rows; 1 each where `weight` is empty.
std::vector<int> gathered(RowWeights weight, const std::vector<std::size_t>& rows);

}  // namespace microtome
