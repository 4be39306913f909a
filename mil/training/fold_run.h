// SPDX-License-Identifier: Apache-2.0
// One fit from its first epoch to its best: early stopping, and what is kept to go on after an interruption. Internal to mil/: torch types.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "mil/aggregators/mil_network.h"
#include "mil/training/folds.h"
#include "mil/training/train.h"

namespace microtome {

/// Where and under which name a fit is kept, and whom to tell of its epochs.
struct FitPlace {
  int fold = 0;   // -1: everybody
  int point = 0;  // of the grid
  std::string rung;  // of the ladder; empty: the model itself
  std::filesystem::path folder;
  std::function<void(const EpochRecord&)> on_epoch;
};

struct BestFit {
  MilNetwork network;  // of the best epoch
  int epoch = 0;
  double validation_loss = 0;
  std::vector<EpochRecord> history;
};

/// With a sentence that names the slide where its features are not finite. Throws ModelError.
Prediction answer_of(const MilNetwork& network, const Bag& bag, const TrainingSlide& slide);

/// `epochs`: most epochs of this fit; the schedule of the learning rate is that of settings.epochs. Throws ModelError.
BestFit run_fit(const Sides& sides, const ModelCard& card, const TrainSettings& settings, int epochs, const FitPlace& place);

}  // namespace microtome
