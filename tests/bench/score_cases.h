// SPDX-License-Identifier: Apache-2.0
// Bags on disk into probabilities, as `evaluate --model` does it, beside the model alone and beside a loop in Python.
#pragma once

#include "tests/bench/frame.h"

namespace microtome {

/// Cases "score AGGREGATOR"; whether every row was right. --tiles: of a bag, --bags: how many.
bool run_score_cases(const BenchOptions& options);

}  // namespace microtome
