// SPDX-License-Identifier: Apache-2.0
// One model trained and judged fold by fold. Of a fold's patients nothing is used but their score at the end. Internal to mil/: torch types.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "mil/training/fold_run.h"
#include "mil/training/grid.h"
#include "mil/training/train.h"

namespace microtome {

using OnEpoch = std::function<void(const EpochRecord&)>;

/// The card with what the settings say of the network's sizes.
ModelCard sized_card(ModelCard card, const TrainSettings& settings);

/// Jobs 0 to count - 1, `threads` at once, each on one thread. The first failure ends all, after the jobs that run.
void side_by_side(std::size_t count, int threads, const std::function<void(std::size_t)>& job);

/// Of an even count the mean of the middle two, rounded up.
int median(std::vector<int> values);

/// What a fold comes to: the best point of the grid, and its scores.
struct FoldResult {
  std::optional<BestFit> best;
  std::size_t point = 0;
  std::vector<EpochRecord> history;
  std::vector<FoldPrediction> predictions;
  double concordance = 0;  // of survival, within the fold
};

/// Everything that folds share.
struct CrossValidation {
  const std::vector<TrainingSlide>& slides;
  const std::vector<int>& folds;  // one a slide
  const ModelCard& card;
  const std::vector<GridPoint>& points;
  const std::filesystem::path& folder;
  OnEpoch on_epoch;
  std::vector<double> months;  // at which survival is told
  std::string rung;            // of the ladder; empty: the model itself

  /// `point` is one of points; `fold` -1: everybody.
  BestFit run(const Sides& sides, const GridPoint& point, int fold, int epochs) const;
  /// Several folds at once, each on one thread. The first failure ends all, after the epochs that run.
  std::vector<FoldResult> run_folds(const std::vector<int>& numbers, int threads) const;
  std::vector<const TrainingSlide*> inside(int fold, bool others = false) const;
};

}  // namespace microtome
