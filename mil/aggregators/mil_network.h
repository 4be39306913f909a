// SPDX-License-Identifier: Apache-2.0
// An aggregator and the scaler of its features: all that weights.safetensors holds. Internal to mil/: torch types.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "mil/aggregators/aggregator.h"
#include "mil/weights_safetensors.h"

namespace microtome {

class MilNetwork {
 public:
  /// Tensors are undefined until `draw` or `read`. Throws ModelError for a card that no aggregator fits.
  explicit MilNetwork(ModelCard card);

  /// Random weights from a generator of its own, identity scaler.
  void draw(std::uint64_t seed);
  /// Throws ModelError naming `path` and the tensor: missing, unexpected, not float32, other shape, not finite.
  void read(const NamedTensors& tensors, const std::filesystem::path& path);
  /// Copies the values into the tensors that there are: what learns from them goes on. Throws ModelError as read does.
  void restore(const NamedTensors& tensors, const std::filesystem::path& path);
  /// Copies that training will not change.
  NamedTensors tensors() const;
  void set_feature_scaler(const std::vector<double>& mean, const std::vector<double>& scale);
  void set_table_scaler(std::size_t modality, std::vector<double> mean, std::vector<double> scale);
  void set_survival(SurvivalCard survival) { card_.survival = std::move(survival); }

  /// Require gradients from now on.
  std::vector<at::Tensor> learned();

  /// What backward left, of every learned tensor that has a gradient, by name.
  NamedTensors gradients() const;

  const ModelCard& card() const { return card_; }
  /// The bag's features are not copied. Throws BagError: no tiles, another dimension, too few numbers, rows of other sizes than the card's.
  BagInput input(const Bag& bag, const std::vector<TableRow>& tables) const;
  TrainingPass train(const BagInput& bag, int label, const Dropout& dropout) const { return aggregator_->train(bag, label, dropout); }
  BeforeFusion before_fusion(const BagInput& bag, const Dropout& dropout) const { return aggregator_->before_fusion(bag, dropout); }
  /// Thread-safe; one thread; deterministic. Throws BagError as input does, and where the answer is not finite.
  Prediction predict(const Bag& bag, const std::vector<TableRow>& tables) const;
  /// predict() without what it says of tiles.
  Prediction answer(const Bag& bag, const std::vector<TableRow>& tables) const;
  /// Without gradient to the weights: what the aggregator itself says.
  Weighed weigh(const BagInput& bag) const { return aggregator_->weigh(bag); }

 private:
  std::vector<Slot> slots() const;
  Prediction told(const BagInput& seen, const at::Tensor& logits) const;

  ModelCard card_;
  std::unique_ptr<Aggregator> aggregator_;
  at::Tensor mean_, scale_;  // (D), fitted, not learned
};

/// Writes weights.safetensors, then model.json with its fingerprint; each beside and renamed. Throws ModelError.
void save_slide_model(const std::filesystem::path& folder, const MilNetwork& network, const ModelCard& card);

}  // namespace microtome
