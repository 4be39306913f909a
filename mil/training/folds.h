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

/// Who learns, and on whom it is judged when to stop; nobody: all epochs run.
struct Sides {
  std::vector<const TrainingSlide*> training, validation;
};

struct TrainingPatient {
  int label = 0;
  double months = 0;  // of survival, else 0
  std::vector<float> marks;  // of several labels
  std::string site;  // of the first slide
  std::vector<std::size_t> slides;  // indices
};

/// Sorted by patient id, so nothing depends on the order of slides. Throws ModelError when a patient has no id or two labels.
std::vector<TrainingPatient> patients_of(const std::vector<TrainingSlide>& slides);

/// Gives slides of several labels, and of numbers, the stratum that folds share evenly as their `label`: of numbers the fifth of the patients (by their
/// mean) that they lie in, of labels the rarest one that is a yes. Others stay as they are. Throws ModelError as patients_of does.
void stratify(std::vector<TrainingSlide>& slides, const ModelCard& card);

/// Throws ModelError: no slides, a slide twice, no tiles, two dimensions, a wrong number of genes, a label outside the classes, or a class
/// with fewer than two patients; a label without two patients each way; numbers that are not finite, or all the same.
void require_trainable(const std::vector<TrainingSlide>& slides, const ModelCard& card);

/// One fold per slide: the given ones when every slide has one (then checked: patients whole, every class on both sides), else
/// assign_folds, or, with leave_sites_out, whole sites dealt to the folds, the largest first.
std::vector<int> folds_for(const std::vector<TrainingSlide>& slides, const ModelCard& card, const TrainSettings& settings);

/// R^2: 1 - the squares about the predictions / those about the mean of what is known; 0 where that is all the same. Same size, not empty.
double explained_variance(const std::vector<double>& known, const std::vector<double>& predicted);

/// A quarter of the patients of each class or stratum, one at least, is set aside to judge when to stop; the same for the same seed, whatever the order.
/// Throws ModelError where a class has fewer than two patients among `slides`, or no stratum has two.
Sides validation_aside(const std::vector<const TrainingSlide*>& slides, const ModelCard& card, std::uint64_t seed);

}  // namespace microtome
