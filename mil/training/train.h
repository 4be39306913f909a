// SPDX-License-Identifier: Apache-2.0
// Training of a slide-level model: any aggregator, patient-level splits, early stopping on patients that score nothing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "mil/aggregators/slide_model.h"

namespace microtome {

struct TrainSettings {
  std::string task = "label";        // "label": classes; "multilabel": several labels, each yes or no; "regression": a number; "survival": months and events
  std::string aggregator = "abmil-gated";
  int folds = 5;                     // patients are cut into this many folds, stratified by label and site; >= 2
  bool leave_sites_out = false;      // sites instead of patients are dealt to the folds
  std::string stopping = "auto";     // "nested": on a quarter of the patients outside the fold; "fixed": never, all epochs; "auto": nested for labels and
                                     // grids, fixed for survival, where few events make the choice of an epoch a lottery
  int epochs = 30;                   // most epochs per fold
  int patience = 8;                  // epochs without a better validation loss before a fold stops
  std::string grid;                  // "learning_rate=1e-4,2e-4; dropout=0,0.25": tried in every fold, chosen on its validation patients
  std::string loss = "auto";         // cross-entropy for classes, bce for several labels, mse for a number, nll for survival
  int time_bins = 4;                 // of discrete hazards, at quantiles of the training patients' event times
  double survival_alpha = 0;         // how much of the loss of censored patients is left out, 0..1
  double focal_gamma = 2;
  std::string class_weights = "none";  // "balanced": a class weighs by the inverse of its slides; of several labels, a yes by the noes per yes
  std::string optimiser = "adam";
  bool lookahead = false;
  std::string schedule = "constant";
  double learning_rate = 2e-4;
  double weight_decay = 1e-5;        // L2
  double l1 = 0;                     // times the sum of absolute weights, added to every slide's loss
  int accumulate = 1;                // slides a step
  std::string sampling = "shuffled";  // "weighted": with replacement, classes alike; "stratified": classes in turn
  double dropout = 0.25;             // in embedding and attention
  double bag_dropout = 0;            // share of a bag's tiles that a step does not see
  std::int64_t bag_size = 0;         // most tiles of a bag that a step sees, drawn anew each time; 0: all
  double mixup = 0;                  // alpha of Beta(alpha, alpha), mixing tiles of two slides; 0: none
  double modality_dropout = 0.15;    // share of training steps in which a table, or the tiles beside a table, are hidden
  int pretrain_epochs = 0;           // before the labels are looked at, tiles and tables of the same patients are aligned
  double pretrain_learning_rate = 1e-4;
  std::int64_t embed_dim = 512;
  std::int64_t attention_dim = 0;    // 0: that of the aggregator's publication
  std::string fusion = "concat";     // how abmil joins tiles and tables
  std::string table_encoder = "linear";  // of mil/genomics/encoders
  std::int64_t table_dim = 32;       // width of a table's embedding
  std::int64_t top_k = 10;           // of top-k
  bool ladder = true;                // of survival with tables: simpler models are trained beside and kept, four more trainings of every fold and of everybody
  bool ensemble = false;             // the folds' models together are the model, instead of one trained on everybody
  std::uint64_t seed = 0;

  int threads = 1;     // folds at once; changes no result
  std::string recipe;  // of the training set: where a run was interrupted, the same one goes on. Empty: nothing is kept between epochs
};
std::vector<std::string> validate(const TrainSettings& settings);
/// Points of settings.grid, 1 without one. Throws ModelError as training does.
std::size_t grid_size(const TrainSettings& settings);

/// Loss and stopping as they are meant where the settings say "auto".
TrainSettings resolved(TrainSettings settings);

/// One slide of the training set. All slides of a patient have one label, number or follow-up, and fall into one fold.
struct TrainingSlide {
  Bag bag;
  std::string patient_id;
  int label = 0;     // index into classes; of survival the event, 0 or 1; of labels and numbers set by training. Folds are stratified by it
  int fold = -1;     // from a splits file; -1: let the program choose
  std::string site;  // where the slide was made; "" unknown
  std::vector<TableRow> tables;  // one a modality of the card
  double months = 0;             // of survival: above 0
  bool event = false;
  std::vector<float> marks;      // of several labels: 1, 0 or NaN where it is not known, one a class of the card
  double value = 0;              // of regression: what was measured
  std::function<Bag()> load = nullptr;  // set: bag lacks its features, and this reads all of it. Called by several threads
};

struct EpochRecord {
  int fold = 0;   // -1: the final model, trained on all patients
  int point = 0;  // of the grid
  int epoch = 0;  // from 1
  double train_loss = 0;
  double validation_loss = 0;   // cross-entropy, of several labels binary, of a number in standard deviations, or the loss of survival; 0: nothing is validated
  double validation_score = 0;  // accuracy, of several labels their mean, R^2, or Harrell's c; likewise
  std::string rung;             // of the ladder; empty: the model itself
  bool pretraining = false;     // then train_loss is the contrastive loss, and epochs are counted by themselves
};

/// Out-of-fold result of one slide.
struct FoldPrediction {
  std::string slide_id;
  std::string patient_id;
  int fold = 0;
  int label = 0;
  std::vector<double> probabilities;
  std::vector<float> marks;       // of several labels: what is known
  double value = 0, known_value = 0;  // of regression
  double risk = 0;                // of survival
  std::vector<double> survival;   // at TrainResult::months
};

/// What a simpler model, or the model without one of its inputs, said out of fold.
struct LadderRung {
  std::string name;          // clinical-cox, genes-snn, genes-mlp, slides, late-fusion, without-<modality>, without-tiles
  std::vector<double> risk;  // one a slide, in the order of TrainResult::predictions
};

struct TrainResult {
  std::vector<EpochRecord> history;         // of the folds, of the ladder's folds and final models, of the final model
  std::vector<FoldPrediction> predictions;  // sorted by slide id; no patient of a fold had a say in its model's weights, epochs or settings
  std::vector<std::string> chosen;          // the grid's point of each fold, as text; empty without a grid
  int final_epochs = 0;                     // the median of the folds' best epochs
  double pooled_accuracy = 0;               // of the out-of-fold predictions; of several labels, of all that are known
  double pooled_r2 = 0;                     // of regression
  double concordance = 0;                   // of survival: the mean over folds of Harrell's c within the fold
  std::vector<double> months;               // of survival: five times up to the 80th percentile of the follow-up
  std::vector<LadderRung> ladder;           // of survival with tables
  std::vector<KeptRung> kept;               // the trained ones of these, as the model's card lists them
};

/// Folds by patient: stratified by label and site, seeded, independent of the order of `slides`. Exposed for tests.
/// `every_class_in_each`: refuse classes with fewer patients than folds (false: labels are strata). Throws ModelError.
std::vector<int> assign_folds(const std::vector<TrainingSlide>& slides, int folds, std::uint64_t seed, bool every_class_in_each = true);

/// Runs the folds, then trains the final model on every patient for the median of the best epochs and writes model.json and
/// weights.safetensors into `folder` (which exists), and the simpler models beside it into ladder/, which is removed where there are none. `card` comes with everything but scaler, sizes and training_json filled in.
/// Scalers are fitted on the training patients of each fold only. The same seed gives the same bytes, whatever the threads and however often the
/// run was interrupted. `on_epoch` is called by one thread at a time, when its epoch is kept; what it throws ends the training.
/// Throws ModelError (settings; too few patients or events for the folds, fewer than two classes, a label without two patients on each side, numbers all
/// the same, bags of different dimension, loss not finite).
TrainResult train_slide_model(std::vector<TrainingSlide> slides, ModelCard card, const TrainSettings& settings,
                              const std::filesystem::path& folder, const std::function<void(const EpochRecord&)>& on_epoch);

}  // namespace microtome
