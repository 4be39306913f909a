// SPDX-License-Identifier: Apache-2.0
// What a fusion model has to beat, on the same folds and with the same settings: without it a figure of fusion says little. Internal to mil/: torch
// types.
#pragma once

#include <filesystem>
#include <vector>

#include "mil/training/cross_validation.h"

namespace microtome {

/// clinical-cox (Cox's regression, Efron's ties, of the clinical columns, where there are any), genes-snn and genes-mlp (the other tables alone), slides
/// (tiles alone, by the aggregator, or gated attention where that cannot do without tables), late-fusion (each input its own risk, their mean), and the fusion
/// model of each fold with one input replaced by what it learned for a missing one. `results`: of `training`, the fusion model.
/// `result` gets the ladder, the epochs, and what is kept for publish_ladder(): all but the last, each a model as the fusion model will be, of everybody,
/// trained for the median of its own folds' best epochs, or (settings.ensemble) of its folds together.
/// Cost: four trainings of every fold and, but for ensembles, of everybody, and a pass over the slides an input. Throws ModelError as training does.
void climb_ladder(const CrossValidation& training, const std::vector<FoldResult>& results, const TrainSettings& settings, TrainResult& result);

/// What climb_ladder kept takes the place of the model folder's ladder/; where nothing was kept an older one goes. To be followed by writing the model's card,
/// which lists it. Throws ModelError.
void publish_ladder(const std::filesystem::path& model_folder, const std::vector<KeptRung>& kept);

}  // namespace microtome
