// SPDX-License-Identifier: Apache-2.0
// Bags and labels on disk -> the bags that a model is judged on. Joined by id; what can be refused is refused before a row is read.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/bag_scoring.h"
#include "pipeline/config.h"
#include "pipeline/inputs/genomic_source.h"
#include "pipeline/inputs/prediction_table.h"

namespace microtome {

struct ScoringSet {
  std::vector<BagToScore> bags;  // labelled, with tiles, sorted by slide id
  std::int64_t tiles = 0;
  std::shared_ptr<const Modalities> modalities;  // null: no table was given
  // left out, and of each kind the first, for the log
  std::size_t without_label = 0, without_tiles = 0;
  std::string first_without_label, first_without_tiles;
};

/// The bags below evaluate.bags that have a label and fit the model. Throws ConfigError (no bag, a bag beyond engine.memory_limit), BagError (a head that
/// cannot be read), ModelError (a bag that was made otherwise than the model's card says, the genomic table), InputError (labels, two bags of a slide).
ScoringSet read_scoring_set(const Config& config, const ModelCard& card);

/// predictions.csv of a survival model: risk, survival at the months of the first answer, straight between those that an answer tells, and ladder_<rung>, of
/// the rungs named.
std::string risks_csv(const ScoringSet& set, const std::vector<std::string>& rungs, const BagScores& scores);

/// predictions.csv of a model of a number: value.
std::string values_csv(const ScoringSet& set, const BagScores& scores);

/// The column of the labels that holds the numbers a model answers with: as the user says, else as the model was taught. "value" of other models.
std::string known_column(const Config& config, const ModelCard& card);

/// The table of predictions that the scores are; without scores every class is alike: a join of it shows what would be refused later.
PredictionTable prediction_table(const ScoringSet& set, const ModelCard& card, const std::vector<std::vector<double>>& probabilities);

/// Its CSV, which read_predictions() reads back to the same numbers.
std::string predictions_csv(const PredictionTable& table);

}  // namespace microtome
