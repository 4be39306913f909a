// SPDX-License-Identifier: Apache-2.0
// A trained slide-level model and its folder: model.json (the card) and weights.safetensors. No torch type at this door.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "mil/bag.h"
#include "mil/prediction.h"

namespace microtome {

class AllowedModels;

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
  std::vector<std::string> genes;  // empty: image only
  std::vector<double> gene_mean;   // scaler of the training patients, one per gene
  std::vector<double> gene_scale;
  std::string gene_units;            // a table with other units is refused
  std::int64_t genomic_dim = 32;     // width of the genomic embedding
  std::vector<std::string> members;  // folders beside, each a model; empty: weights.safetensors is the model
  std::string training_json = "{}";  // how it was trained: seed, epochs, folds, counts; copied as it is
};

/// The genomic input of one slide, in the card's gene order, raw units (the model scales). NaN entries count as the training mean.
struct GenomicInput {
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
  virtual Prediction predict(const Bag& bag, const GenomicInput& genomic) const = 0;
};

/// Throws ModelError: folder or file missing, JSON wrong, key missing, shape wrong, weights that the list does not allow (null: no list).
std::shared_ptr<const SlideModel> load_slide_model(const std::filesystem::path& folder, const AllowedModels* allowed = nullptr);

/// Throws ModelError with a sentence that names both sides when the card does not fit the encoder or the tiling of a run.
void require_match(const ModelCard& card, const std::filesystem::path& folder, const std::string& encoder,
                   const std::string& encoder_sha256, std::int64_t feature_dim, int tile_px, double mpp);

}  // namespace microtome
