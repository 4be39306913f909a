// SPDX-License-Identifier: Apache-2.0
// One set of classes judged: what `evaluate` does with its predictions, and with each of several labels.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pipeline/outputs/evaluation_result.h"

namespace microtome {

/// Of --evaluate.threshold; nullopt: auto.
std::optional<double> given_threshold(const EvaluateSettings& settings);

BootstrapSettings bootstrap_settings(const EvaluateSettings& settings);

/// Decides, and measures all rows together, by fold and by subgroup. `columns`: the names of set.levels. Compares nothing.
EvaluationResult judge_classes(EvaluationSet set, const EvaluateSettings& settings, const std::vector<std::string>& columns);

/// Two models on the same rows, as pair_up() leaves them; `left_out`: what it returned.
ComparedModels compare_classes(EvaluationSet one, EvaluationSet other, std::size_t left_out, const EvaluateSettings& settings);

}  // namespace microtome
