// SPDX-License-Identifier: Apache-2.0
// Training of the gated attention model (Ilse et al. 2018) with optional genomic concatenation: cross-entropy, Adam, patient-level splits.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "mil/aggregators/slide_model.h"

namespace microtome {

struct TrainSettings {
  int folds = 5;                // patients are cut into this many folds, stratified by label; >= 2
  int epochs = 30;              // most epochs per fold
  int patience = 8;             // epochs without a better validation loss before a fold stops
  double learning_rate = 2e-4;  // Adam
  double weight_decay = 1e-5;
  double dropout = 0.25;           // in embedding and attention
  double modality_dropout = 0.15;  // share of training steps in which the genomic table is hidden
  std::int64_t embed_dim = 512;
  std::int64_t attention_dim = 384;
  std::int64_t genomic_dim = 32;
  std::uint64_t seed = 0;
};
std::vector<std::string> validate(const TrainSettings& settings);

/// One slide of the training set. All slides of a patient have one label and fall into one fold.
struct TrainingSlide {
  Bag bag;
  std::string patient_id;
  int label = 0;  // index into classes
  int fold = -1;  // from a splits file; -1: let the program choose
  GenomicInput genomic;
};

struct EpochRecord {
  int fold = 0;   // -1: the final model, trained on all patients
  int epoch = 0;  // from 1
  double train_loss = 0;
  double validation_loss = 0;      // 0 for the final model
  double validation_accuracy = 0;  // 0 for the final model
};

/// Out-of-fold result of one slide.
struct FoldPrediction {
  std::string slide_id;
  std::string patient_id;
  int fold = 0;
  int label = 0;
  std::vector<double> probabilities;
};

struct TrainResult {
  std::vector<EpochRecord> history;
  std::vector<FoldPrediction> predictions;  // sorted by slide id
  int final_epochs = 0;                     // the median of the folds' best epochs
  double pooled_accuracy = 0;               // of the out-of-fold predictions
};

/// Folds by patient: stratified by label, seeded, independent of the order of `slides`. Exposed for tests.
std::vector<int> assign_folds(const std::vector<TrainingSlide>& slides, int folds, std::uint64_t seed);

/// Runs the folds, then trains the final model on every patient for the median of the best epochs and writes model.json and
/// weights.safetensors into `folder` (which exists). `card` comes with everything but scaler, sizes and training_json filled in.
/// Scalers are fitted on the training patients of each fold only. One thread, so the same seed gives the same bytes.
/// Throws ModelError (too few patients for the folds, fewer than two classes, bags of different dimension).
TrainResult train_slide_model(std::vector<TrainingSlide> slides, ModelCard card, const TrainSettings& settings,
                              const std::filesystem::path& folder, const std::function<void(const EpochRecord&)>& on_epoch);

}  // namespace microtome
