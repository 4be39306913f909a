// SPDX-License-Identifier: Apache-2.0
#include "mil/training/optimiser.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <utility>

#include "mil/model_error.h"

namespace microtome {
namespace {

constexpr std::array<std::pair<const char*, OptimiserKind>, 5> kOptimisers{{{"sgd", OptimiserKind::sgd},
                                                                            {"adam", OptimiserKind::adam},
                                                                            {"adamw", OptimiserKind::adamw},
                                                                            {"rmsprop", OptimiserKind::rmsprop},
                                                                            {"radam", OptimiserKind::radam}}};
constexpr std::int64_t kLookaheadSteps = 6;
constexpr double kLookaheadShare = 0.5, kRmsAlpha = 0.99;

/// Cosine from `from` (at 0) to `to` (at 1).
double arc(double from, double to, double at) { return to + (from - to) * (1 + std::cos(std::numbers::pi * at)) / 2; }

double one_cycle(std::int64_t step, std::int64_t steps) {
  const double peak = 0.3 * static_cast<double>(steps) - 1, last = static_cast<double>(steps) - 1, now = static_cast<double>(step);
  if (now <= peak) return arc(1.0 / 25, 1, peak > 0 ? now / peak : 1);
  return arc(1, 1.0 / 25 / 1e4, (now - peak) / std::max(last - peak, 1.0));
}

/// Of RAdam: how far the second moment may be trusted; 0 in the first steps, which go without it.
double rectification(double beta2, double steps) {
  const double longest = 2 / (1 - beta2) - 1, power = std::pow(beta2, steps);
  const double length = longest - 2 * steps * power / (1 - power);
  if (length <= 5) return 0;
  return std::sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length));
}

}  // namespace

OptimiserKind optimiser_of(const std::string& name) {
  for (const auto& [known, kind] : kOptimisers)
    if (name == known) return kind;
  throw ModelError(fmt::format("the optimiser: one of {} was wanted: found '{}'", optimiser_names(), name));
}

const char* optimiser_names() { return "sgd, adam, adamw, rmsprop, radam"; }

Optimiser::Optimiser(std::vector<at::Tensor> parameters, const OptimiserSettings& settings)
    : settings_(settings), parameters_(std::move(parameters)) {
  const at::NoGradGuard no_gradient;
  for (const at::Tensor& parameter : parameters_) {
    first_.push_back(at::zeros_like(parameter));
    second_.push_back(at::zeros_like(parameter));
    if (settings_.lookahead) slow_.push_back(parameter.detach().clone());
  }
}

void Optimiser::zero_grad() {
  for (at::Tensor& parameter : parameters_) parameter.mutable_grad() = at::Tensor();
}

at::Tensor Optimiser::direction(std::size_t i, const at::Tensor& gradient) {
  const auto steps = static_cast<double>(steps_);
  const double correction1 = 1 - std::pow(settings_.beta1, steps), correction2 = 1 - std::pow(settings_.beta2, steps);
  at::Tensor &first = first_[i], &second = second_[i];
  switch (settings_.kind) {
    case OptimiserKind::sgd:
      return steps_ == 1 ? first.copy_(gradient) : first.mul_(settings_.momentum).add_(gradient);
    case OptimiserKind::rmsprop:
      second.mul_(kRmsAlpha).addcmul_(gradient, gradient, 1 - kRmsAlpha);
      return gradient / second.sqrt().add_(settings_.epsilon);
    default:
      break;
  }
  first.mul_(settings_.beta1).add_(gradient, 1 - settings_.beta1);
  second.mul_(settings_.beta2).addcmul_(gradient, gradient, 1 - settings_.beta2);
  if (settings_.kind != OptimiserKind::radam) return (first / correction1).div_((second.sqrt() / std::sqrt(correction2)).add_(settings_.epsilon));
  const double trust = rectification(settings_.beta2, steps);
  at::Tensor mean = first / correction1;
  if (trust == 0) return mean;
  return mean.mul_(trust * std::sqrt(correction2)).div_(second.sqrt().add_(settings_.epsilon));
}

void Optimiser::step(double rate) {
  const at::NoGradGuard no_gradient;
  ++steps_;
  const double learning_rate = rate * settings_.learning_rate;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    at::Tensor& parameter = parameters_[i];
    at::Tensor gradient = parameter.grad();
    if (!gradient.defined()) continue;
    if (settings_.kind == OptimiserKind::adamw)
      parameter.mul_(1 - learning_rate * settings_.weight_decay);
    else if (settings_.weight_decay != 0)
      gradient = gradient.add(parameter, settings_.weight_decay);
    parameter.add_(direction(i, gradient), -learning_rate);
  }
  if (settings_.lookahead && steps_ % kLookaheadSteps == 0) look_back();
}

void Optimiser::look_back() {
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    slow_[i].add_(parameters_[i] - slow_[i], kLookaheadShare);
    parameters_[i].copy_(slow_[i]);
  }
}

NamedTensors Optimiser::state() const {
  NamedTensors state{{"steps", at::full({1}, steps_, at::kLong)}};
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    state["first." + std::to_string(i)] = first_[i];
    state["second." + std::to_string(i)] = second_[i];
    if (settings_.lookahead) state["slow." + std::to_string(i)] = slow_[i];
  }
  return state;
}

void Optimiser::restore(const NamedTensors& state) {
  const at::NoGradGuard no_gradient;
  steps_ = state.at("steps").item<std::int64_t>();
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    first_[i].copy_(state.at("first." + std::to_string(i)));
    second_[i].copy_(state.at("second." + std::to_string(i)));
    if (settings_.lookahead) slow_[i].copy_(state.at("slow." + std::to_string(i)));
  }
}

double schedule_rate(const std::string& name, std::int64_t step, std::int64_t steps) {
  if (name == "constant") return 1;
  if (name == "cosine") return arc(1, 0, static_cast<double>(step) / static_cast<double>(steps));
  if (name == "one-cycle") return one_cycle(step, steps);
  if (name == "step") return 4 * step < 2 * steps ? 1 : 4 * step < 3 * steps ? 0.1 : 0.01;
  throw ModelError(fmt::format("the schedule: one of {} was wanted: found '{}'", schedule_names(), name));
}

const char* schedule_names() { return "constant, cosine, one-cycle, step"; }

}  // namespace microtome
