// SPDX-License-Identifier: Apache-2.0
// What a training set must be before a fold may be cut, and the cut itself. Internal to mil/; no torch. Sentences count patients, never
// name them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "mil/training/train.h"

namespace microtome {

struct TrainingPatient {
  int label = 0;
  std::vector<std::size_t> slides;  // indices
};

/// Sorted by patient id, so nothing depends on the order of slides. Throws ModelError when a patient has no id or two labels.
std::vector<TrainingPatient> patients_of(const std::vector<TrainingSlide>& slides);

/// Throws ModelError: no slides, a slide twice, no tiles, two dimensions, a wrong number of genes, a label outside the classes, or a class
/// with fewer than two patients.
void require_trainable(const std::vector<TrainingSlide>& slides, const ModelCard& card);

/// One fold per slide: the given ones when every slide has one (then checked: patients whole, every class on both sides), else
/// assign_folds.
std::vector<int> folds_for(const std::vector<TrainingSlide>& slides, const ModelCard& card, const TrainSettings& settings);

/// Fisher-Yates with the standard's fixed engine: std::shuffle may differ between libraries.
template <class T, class Engine>
void shuffle_in_place(std::vector<T>& values, Engine& engine) {
  for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[engine() % i]);
}

}  // namespace microtome
