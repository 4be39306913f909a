// SPDX-License-Identifier: Apache-2.0
// Bags on disk -> a model's probabilities. One thread reads ahead, as HDF5 serves one caller at a time; the others run the model.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "mil/aggregators/slide_model.h"
#include "mil/genomics/join.h"
#include "pipeline/inputs/asked_ladder.h"
#include "pipeline/inputs/modalities.h"
#include "pipeline/progress.h"

namespace microtome {

struct BagToScore {
  SlideKeys keys;
  std::filesystem::path path;
  std::int64_t tiles = 0;  // as its head says, likewise the dimension: what it will take in memory
  std::int64_t feature_dim = 0;

  std::int64_t bytes() const;
};

/// How much may be in hand at once: bags that are read or being scored. Changes speed and memory only.
struct ScoringRoom {
  int threads = 1;         // of the model; the reader is one more, which mostly waits
  std::int64_t bytes = 0;  // of bags; 0: threads + 2 bags of whatever size. A bag that is larger is read alone
};

struct BagScores {
  std::vector<std::vector<double>> probabilities;     // one a class, of each bag in the order given; empty of models of a number or of survival
  std::vector<std::optional<SurvivalAnswer>> survival;  // of each bag
  std::vector<std::optional<double>> values;          // of each bag, of a model of a number
  std::vector<std::vector<double>> ladder;         // AskedLadder::risks of each bag; empty without a ladder
  bool stopped = false;                            // a signal came: not all of them are there
};

/// Scores all bags, each read once; `modalities` null: images alone; `ladder` null: none. The same numbers whatever the room. A signal ends it when the bags in work are done.
/// Of several failures the one of the earliest bag is thrown, always the same: BagError (cannot be read, NaN, not what the model takes).
BagScores score_bags(const SlideModel& model, const Modalities* modalities, const std::vector<BagToScore>& bags, const ScoringRoom& room,
                     Progress& progress, const AskedLadder* ladder = nullptr);

}  // namespace microtome
