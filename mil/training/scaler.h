// SPDX-License-Identifier: Apache-2.0
// Means and spreads of a fold's training patients. Internal to mil/; no torch.
#pragma once

#include <vector>

#include "mil/training/train.h"

namespace microtome {

/// Population standard deviation; a constant column has scale 1.
struct Scaler {
  std::vector<double> mean;
  std::vector<double> scale;
};

/// Over all tiles of these slides.
Scaler fit_feature_scaler(const std::vector<const TrainingSlide*>& slides);

/// Of TrainingSlide::value, over slides. Numbers all the same have scale 1.
ValueCard fit_value_card(const std::vector<const TrainingSlide*>& slides);

/// Over patients, not slides: a patient with many slides counts once, with the row of the first slide that has one. Entries that are not
/// finite are left out; a feature without any has mean 0 and scale 1.
Scaler fit_table_scaler(const std::vector<const TrainingSlide*>& slides, std::size_t modality, std::size_t features);

}  // namespace microtome
