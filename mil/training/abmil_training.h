// SPDX-License-Identifier: Apache-2.0
// One fit: a network, its optimiser and its random streams. Internal to mil/: torch types.
#pragma once

#include <torch/optim/adam.h>

#include <cstdint>
#include <random>
#include <vector>

#include "mil/aggregators/abmil.h"
#include "mil/training/train.h"

namespace microtome {

/// Fits scalers on `slides` alone, then learns from them epoch by epoch. One thread; the same slides, settings and stream give the same
/// bits.
class AbmilFit {
 public:
  /// `slides` must outlive the fit. `stream` sets apart the random numbers of the folds of one seed.
  AbmilFit(std::vector<const TrainingSlide*> slides, ModelCard card, const TrainSettings& settings, std::uint64_t stream);

  /// One pass in shuffled order, one slide a step; the mean loss. Throws ModelError when it is not finite.
  double train_epoch();
  Prediction predict(const TrainingSlide& slide) const { return predict_abmil(network_, card_, slide.bag, slide.genomic); }

  const ModelCard& card() const { return card_; }
  const Abmil& network() const { return network_; }

 private:
  double step(const TrainingSlide& slide);
  GenomicInput shown(const GenomicInput& genomic);

  std::vector<const TrainingSlide*> slides_;
  ModelCard card_;
  TrainSettings settings_;
  std::mt19937_64 engine_;
  Abmil network_;
  Dropout dropout_;
  std::vector<at::Tensor> learned_;
  torch::optim::Adam optimiser_;
};

}  // namespace microtome
