// SPDX-License-Identifier: Apache-2.0
// Bags, labels, splits and genes on disk -> what training wants. Everything is joined by id.
#pragma once

#include <string>
#include <vector>

#include "mil/training/train.h"
#include "pipeline/config.h"
#include "pipeline/inputs/modalities.h"

namespace microtome {

struct TrainingSet {
  std::vector<TrainingSlide> slides;  // sorted by slide id
  ModelCard card;                     // task, classes, encoder, tile size, mpp, modalities
  std::string recipe;                 // sha256 of every input and setting that changes the model
  // left out, and of each kind the first, for the log
  std::size_t bags_without_label = 0, bags_without_tiles = 0, labels_without_bag = 0;
  std::string first_without_label, first_without_tiles, first_without_bag;
  std::vector<JoinedTable> joined;  // how slides found their rows, a table each
  std::size_t bags_read_again = 0;  // beyond the memory limit: read each time
};

/// Throws ConfigError (labels, splits: missing columns, unknown or doubled ids, no labelled bag), BagError (a bag that cannot be read),
/// ModelError (bags of different encoders, tile sizes or scales; the genomic table).
TrainingSet read_training_set(const Config& config);

}  // namespace microtome
