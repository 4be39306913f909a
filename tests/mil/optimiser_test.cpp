// SPDX-License-Identifier: Apache-2.0
// A reader learns: optimisers and schedules step as torch.optim's do, and go on from a state that was written down.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "golden/optimisers_golden.h"
#include "mil/model_error.h"
#include "mil/training/optimiser.h"

namespace microtome {
namespace {

constexpr int kSteps = 100;

/// golden/optimisers.py has the same.
at::Tensor quadratic(const at::Tensor& x) {
  const at::Tensor i = at::arange(6, at::kDouble);
  return ((i + 1) * (x - at::sin(i)).square()).sum() / 2 + x[0] * x[1] / 3;
}

at::Tensor start() { return at::cos(at::arange(6, at::kDouble)).requires_grad_(true); }

OptimiserSettings settings(const std::string& name, bool lookahead = false) {
  OptimiserSettings out;
  out.kind = optimiser_of(name);
  out.learning_rate = 0.01;
  out.weight_decay = 0.1;
  out.lookahead = lookahead;
  return out;
}

void go(Optimiser& optimiser, const at::Tensor& x, int steps) {
  for (int i = 0; i < steps; ++i) {
    optimiser.zero_grad();
    quadratic(x).backward();
    optimiser.step();
  }
}

std::vector<double> values(const at::Tensor& x) { return {x.const_data_ptr<double>(), x.const_data_ptr<double>() + x.numel()}; }

std::vector<double> after_hundred_steps(const OptimiserSettings& how) {
  const at::Tensor x = start();
  Optimiser optimiser({x}, how);
  go(optimiser, x, kSteps);
  return values(x);
}

void expect_near(const std::vector<double>& ours, const std::vector<double>& theirs) {
  ASSERT_EQ(ours.size(), theirs.size());
  for (std::size_t i = 0; i < ours.size(); ++i) EXPECT_NEAR(ours[i], theirs[i], 1e-12) << i;
}

TEST(Optimiser, StepsAsTorchsDo) {
  expect_near(after_hundred_steps(settings("sgd")), golden::optimiser_sgd);
  expect_near(after_hundred_steps(settings("adam")), golden::optimiser_adam);
  expect_near(after_hundred_steps(settings("adamw")), golden::optimiser_adamw);
  expect_near(after_hundred_steps(settings("rmsprop")), golden::optimiser_rmsprop);
  expect_near(after_hundred_steps(settings("radam")), golden::optimiser_radam);
  expect_near(after_hundred_steps(settings("radam", true)), golden::optimiser_radam_lookahead);
}

TEST(Optimiser, GoesOnFromItsStateWithTheSameBits) {
  for (const char* name : {"sgd", "adam", "adamw", "rmsprop", "radam"}) {
    const at::Tensor first = start();
    Optimiser before({first}, settings(name, true));
    go(before, first, 37);
    const at::Tensor second = first.detach().clone().requires_grad_(true);
    Optimiser after({second}, settings(name, true));
    after.restore(before.state());
    go(before, first, 10);
    go(after, second, 10);
    EXPECT_EQ(values(first), values(second)) << name;
  }
}

TEST(Optimiser, SchedulesAreTorchs) {
  for (int step = 0; step < kSteps; ++step) {
    const auto i = static_cast<std::size_t>(step);
    EXPECT_NEAR(schedule_rate("cosine", step, kSteps), golden::schedule_cosine[i], 1e-12) << step;
    EXPECT_NEAR(schedule_rate("one-cycle", step, kSteps), golden::schedule_one_cycle[i], 1e-12) << step;
    EXPECT_NEAR(schedule_rate("step", step, kSteps), golden::schedule_step[i], 1e-12) << step;
    EXPECT_EQ(schedule_rate("constant", step, kSteps), 1);
  }
}

TEST(Optimiser, UnknownNamesAreAnsweredWithTheKnownOnes) {
  const auto sentence = [](auto action) {
    try {
      action();
    } catch (const ModelError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(sentence([] { optimiser_of("lbfgs"); }), "the optimiser: one of sgd, adam, adamw, rmsprop, radam was wanted: found 'lbfgs'");
  EXPECT_EQ(sentence([] { schedule_rate("linear", 0, 1); }), "the schedule: one of constant, cosine, one-cycle, step was wanted: found 'linear'");
}

}  // namespace
}  // namespace microtome
