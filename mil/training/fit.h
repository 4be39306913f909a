// SPDX-License-Identifier: Apache-2.0
// One fit: a network, its optimiser and its random streams. Internal to mil/: torch types.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

#include "mil/aggregators/mil_network.h"
#include "mil/training/losses.h"
#include "mil/training/optimiser.h"
#include "mil/training/sampling.h"
#include "mil/training/train.h"

namespace microtome {

/// Fits scalers on `slides` alone, then learns from them epoch by epoch. One thread; the same slides, settings and number give the same bits.
class Fit {
 public:
  /// `slides` must outlive the fit. `number` sets apart the random numbers of the fits of one seed.
  Fit(std::vector<const TrainingSlide*> slides, const ModelCard& card, const TrainSettings& settings, std::uint64_t number);

  /// Aligns tiles and tables before the first epoch. Throws ModelError as pretrain() does.
  void pretrain(const std::function<void(int epoch, double loss)>& on_epoch);
  /// One pass; the mean loss of its slides. Throws ModelError when loss or weights are not finite.
  double train_epoch();
  int epochs_done() const { return epochs_done_; }

  const MilNetwork& network() const { return network_; }

  /// Weights, scalers, optimiser and epoch; taking them up again goes on with the same bits.
  NamedTensors state() const;
  void restore(const NamedTensors& state, const std::filesystem::path& path);

 private:
  struct Shown;
  struct Passed;
  Target target_of(const TrainingSlide& slide) const;
  Shown shown(const TrainingSlide& slide, const Bag& bag, Engine& engine) const;
  std::vector<TableRow> shown_tables(const TrainingSlide& slide, Engine& engine, bool& tiles_hidden) const;
  Passed passed(const Shown& slide, const Shown* other, const Dropout& dropout, Engine& engine) const;
  at::Tensor loss_of(const TrainingPass& pass, const Target& target) const;
  at::Tensor loss_of(const std::vector<Passed>& step) const;
  at::Tensor absolute_weights() const;
  int class_of(const TrainingSlide& slide) const;
  void require_finite(double sum, const char* rate, double value) const;

  std::vector<const TrainingSlide*> slides_;
  TrainSettings settings_;
  std::uint64_t number_ = 0;
  MilNetwork network_;
  std::optional<BagLoss> loss_;  // of all but survival
  std::vector<at::Tensor> learned_;
  Optimiser optimiser_;
  int epochs_done_ = 0;
};

}  // namespace microtome
