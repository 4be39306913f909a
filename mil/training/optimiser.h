// SPDX-License-Identifier: Apache-2.0
// Steps of gradient descent, with a state that can be written down and taken up again. Internal to mil/: torch types. LibTorch's own optimisers have
// no RAdam, and keep their state in pickles; these give the numbers of torch.optim (tests/mil/optimiser_oracle.py).
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>
#include <vector>

#include "mil/weights_safetensors.h"

namespace microtome {

/// Names as users write them: "sgd", "adam", "adamw", "rmsprop", "radam".
enum class OptimiserKind { sgd, adam, adamw, rmsprop, radam };
OptimiserKind optimiser_of(const std::string& name);  // throws ModelError naming those that there are
const char* optimiser_names();

struct OptimiserSettings {
  OptimiserKind kind = OptimiserKind::adam;
  double learning_rate = 2e-4;
  double weight_decay = 0;  // L2: added to the gradient, but of adamw, which shrinks the weights themselves
  double momentum = 0.9;    // sgd
  double beta1 = 0.9, beta2 = 0.999;
  double epsilon = 1e-8;
  bool lookahead = false;   // Zhang et al. 2019: every 6 steps the weights go back half of the way to where they were
};

/// Kingma & Ba 2015 (adam), Loshchilov & Hutter 2019 (adamw), Liu et al. 2020 (radam); rmsprop with alpha 0.99.
class Optimiser {
 public:
  /// `parameters` are leaves that require gradients.
  Optimiser(std::vector<at::Tensor> parameters, const OptimiserSettings& settings);

  /// Leaves none, rather than zeros: what a step does not touch stays as it is, whether it was touched before or not.
  void zero_grad();
  /// With the gradients as they are, at `rate` times the learning rate. A parameter without a gradient stays.
  void step(double rate = 1);

  /// Moments, slow weights and the count of steps; taking them up again goes on with the same bits.
  NamedTensors state() const;
  void restore(const NamedTensors& state);

 private:
  at::Tensor direction(std::size_t i, const at::Tensor& gradient);
  void look_back();

  OptimiserSettings settings_;
  std::vector<at::Tensor> parameters_, first_, second_, slow_;
  std::int64_t steps_ = 0;
};

/// Rate of step `step` of `steps` (from 0): "constant"; "cosine" from 1 down to 0; "one-cycle" up from 1/25 to 1 in the first 30 %, then down to
/// 1/250,000 (Smith & Topin 2018, cosine arms); "step" divides by 10 at half and at three quarters. Throws ModelError for another name.
double schedule_rate(const std::string& name, std::int64_t step, std::int64_t steps);
const char* schedule_names();

}  // namespace microtome
