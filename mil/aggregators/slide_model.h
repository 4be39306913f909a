// SPDX-License-Identifier: Apache-2.0
// A trained slide-level model and its folder: model.json (the card) and weights.safetensors. No torch type at this door.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mil/bag.h"
#include "mil/explain/table_explanation.h"
#include "mil/prediction.h"

namespace microtome {

class AllowedModels;

/// Features that are read together: the genes of a pathway.
struct FeatureGroup {
  std::string name;
  std::vector<std::int64_t> features;  // indices into Modality::features
};

/// The name of the modality of clinical columns.
inline constexpr const char* kClinicalModality = "clinical";

/// A table that the model takes beside the tiles: expression, mutations, clinical columns.
struct Modality {
  std::string name;                    // "rna", "clinical", ...; the tables of a run are told apart by it
  std::vector<std::string> features;   // genes, or columns ("stage=II" is 1 or 0), in the order of the network's input
  std::vector<double> mean, scale;     // of the training patients, one a feature
  std::string units;                   // a table with other units is refused
  std::string encoder = "linear";      // of mil/genomics/encoders
  std::int64_t dim = 32;               // width of what the encoder gives
  std::vector<FeatureGroup> groups;    // of the encoders that read groups
};

/// What a survival model needs beside its weights. Of K logits, or one.
struct SurvivalCard {
  std::string form = "hazards";  // "hazards": K logits, sigmoid of each the hazard of a bin; "risk": one logit, the log hazard ratio
  std::vector<double> months;    // ascending; hazards: right ends of the K bins; risk: where the curve is told
  std::vector<double> baseline;  // risk: cumulative baseline hazard at `months` (Breslow), of a logit of 0
  double risk_cut = 0;           // median risk of the training patients: at or above it a patient is at high risk
};

/// What a regression model needs beside its weights: value = mean + scale * logit.
struct ValueCard {
  double mean = 0, scale = 1;  // of the training patients
};

/// A simpler model that was trained beside, in the folder's ladder/<name>/.
struct KeptRung {
  std::string name;
  std::string sha256;  // of what is kept of it: mil/ladder/competitor.h
};

/// model.json. A mismatch with the run's encoder, tile size or mpp is refused.
struct ModelCard {
  std::string task = "label";
  std::vector<std::string> classes;
  std::string aggregator = "abmil-gated";  // README lists them
  std::int64_t feature_dim = 0;
  std::int64_t embed_dim = 512;
  std::int64_t attention_dim = 384;
  std::int64_t top_k = 10;  // tiles that speak for the slide, of top-k alone
  std::string encoder;
  std::string encoder_sha256;
  bool encoder_random_weights = false;
  int tile_px = 0;
  double mpp = 0;
  std::optional<SurvivalCard> survival;  // a survival model; its one class is "risk"
  std::optional<ValueCard> value;        // a regression model; its one class is the name of the number
  bool multi_label = false;              // classes do not exclude each other: each is a label with a yes or no of its own
  std::vector<Modality> modalities;      // empty: tiles alone
  std::string fusion = "concat";         // how abmil joins tiles and tables
  std::vector<std::string> members;  // folders beside, each a model; empty: weights.safetensors is the model
  std::vector<KeptRung> ladder;      // of survival with tables; the model answers without them
  std::string training_json = "{}";  // how it was trained: seed, epochs, folds, counts; copied as it is

  /// L, the logits of the network: one a class, or those of the survival card.
  std::int64_t outputs() const;
  AnswerKind kind() const;
};

/// A row of one of the model's tables, in the order of the modality's features and in their units (the model scales). NaN counts as the
/// training mean.
struct TableRow {
  bool present = false;
  std::vector<float> values;
};

class SlideModel {
 public:
  virtual ~SlideModel() = default;
  virtual const ModelCard& card() const = 0;
  virtual const std::string& sha256() const = 0;  // of weights.safetensors
  virtual std::string name() const = 0;           // the card's aggregator
  /// Thread-safe; computes on the calling thread. A bag of no tiles is a BagError. Deterministic.
  /// `tables`: one a modality of the card, or none at all; what is not present is replaced by what the model learned for that.
  virtual Prediction predict(const Bag& bag, const std::vector<TableRow>& tables) const = 0;
  /// predict() without what it says of tiles (attention, contributions, offset): a quarter of the time where tiles' shares are gradients.
  virtual Prediction answer(const Bag& bag, const std::vector<TableRow>& tables) const { return predict(bag, tables); }
  /// What moved the answer of predict() for the same input, `predicted` being its class. Of a model of tiles alone: nothing.
  virtual TableExplanation explain(const Bag&, const std::vector<TableRow>&, int /*predicted*/) const { return {}; }
  /// Of a survival model with tables: its risk without the tiles, then without each table of the card, in whose place stands what the model learned for
  /// a missing one. Of other models: nothing. Costs a pass a table.
  virtual std::vector<double> ablated_risks(const Bag&, const std::vector<TableRow>&) const { return {}; }
};

/// Throws ModelError: folder or file missing, JSON wrong, key missing, shape wrong, weights that the list does not allow (null: no list).
std::shared_ptr<const SlideModel> load_slide_model(const std::filesystem::path& folder, const AllowedModels* allowed = nullptr);

/// Throws ModelError with a sentence that names both sides when the card does not fit the encoder or the tiling of a run.
void require_match(const ModelCard& card, const std::filesystem::path& folder, const std::string& encoder,
                   const std::string& encoder_sha256, std::int64_t feature_dim, int tile_px, double mpp);

}  // namespace microtome
