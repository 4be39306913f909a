// SPDX-License-Identifier: Apache-2.0
// What a fusion model has to beat, on the same folds and with the same settings: without it a figure of fusion says little. Internal to mil/: torch
// types.
#pragma once

#include <vector>

#include "mil/training/cross_validation.h"

namespace microtome {

/// clinical-cox (Cox's regression, Efron's ties, of the clinical columns, where there are any), genes-snn and genes-mlp (the other tables alone), slides
/// (tiles alone, by the aggregator, or gated attention where that cannot do without tables), late-fusion (each input its own risk, their mean), and the fusion
/// model of each fold with one input replaced by what it learned for a missing one. `results`: of `training`, the fusion model.
/// Cost: four trainings of every fold, and a pass over the slides an input. Throws ModelError as training does.
std::vector<LadderRung> climb_ladder(const CrossValidation& training, const std::vector<FoldResult>& results, TrainSettings settings);

}  // namespace microtome
