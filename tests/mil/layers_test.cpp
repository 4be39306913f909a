// SPDX-License-Identifier: Apache-2.0
// A reader learns: a layer and its activation in one pass are the two steps one after the other, for any number of tiles.
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <cstdint>
#include <fstream>
#include <functional>

#include "mil/aggregators/layers.h"

namespace microtome {
namespace {

struct Case {
  Activation activation;
  std::function<at::Tensor(const at::Tensor&)> then;
};

const Case kCases[] = {{Activation::relu, [](const at::Tensor& v) { return at::relu(v); }},
                       {Activation::tanh, [](const at::Tensor& v) { return at::tanh(v); }},
                       {Activation::sigmoid, [](const at::Tensor& v) { return at::sigmoid(v); }}};

// below, at and beyond the rows of a pass, with and without a rest
constexpr std::int64_t kRows[] = {0, 1, 255, 256, 257, 512, 2100};

class Layer : public testing::Test {
 protected:
  Layer() {
    at::manual_seed(1);
    layer_ = {at::randn({24, 40}), at::randn({24})};
  }
  /// Both steps in double.
  at::Tensor expected(const at::Tensor& input, const Case& each) const {
    return each.then(at::linear(input.to(at::kDouble), layer_.weight.to(at::kDouble), layer_.bias.to(at::kDouble)));
  }
  static double difference(const at::Tensor& one, const at::Tensor& other) {
    EXPECT_EQ(one.sizes(), other.sizes());
    return one.numel() == 0 ? 0 : (one.to(at::kDouble) - other).abs().max().item<double>();
  }
  Linear layer_;
};

TEST_F(Layer, ActivatedIsTheLayerAndThenTheActivation) {
  const c10::NoGradGuard no_gradient;
  for (const Case& each : kCases) {
    for (const std::int64_t rows : kRows) {
      const at::Tensor input = at::randn({rows, 40});
      EXPECT_LE(difference(layer_(input, each.activation), expected(input, each)), 2e-5) << rows;
    }
  }
  EXPECT_EQ(layer_(at::randn({40}), Activation::relu).sizes(), at::IntArrayRef({24})) << "a vector is a row";
}

TEST_F(Layer, WhatIsNotANumberStaysSo) {
  const c10::NoGradGuard no_gradient;
  for (const Case& each : kCases) {
    for (const std::int64_t rows : {1, 256, 300, 2100}) {
      at::Tensor input = at::randn({rows, 40});
      input[0][3] = std::nan("");
      const at::Tensor lost = at::isnan(layer_(input, each.activation));
      EXPECT_TRUE(lost[0].all().item<bool>()) << rows;
      EXPECT_EQ(lost.sum().item<std::int64_t>(), 24) << rows;
    }
  }
}

TEST_F(Layer, ActivatedHasTheGradientsOfTheTwoSteps) {
  for (const Case& each : kCases) {
    for (const std::int64_t rows : kRows) {
      const at::Tensor input = at::randn({rows, 40}).requires_grad_(true), factor = at::randn({rows, 24});
      const std::vector<at::Tensor> leaves{input, layer_.weight.requires_grad_(true), layer_.bias.requires_grad_(true)};
      const auto ours = torch::autograd::grad({(layer_(input, each.activation) * factor).sum()}, leaves);
      const auto wanted = torch::autograd::grad({(expected(input, each) * factor.to(at::kDouble)).sum()}, leaves);
      const double allowed = 1e-5 * std::max(1.0, std::sqrt(static_cast<double>(rows)));
      for (std::size_t i = 0; i < leaves.size(); ++i) EXPECT_LE(difference(ours[i], wanted[i].to(at::kDouble)), allowed) << rows << " rows, leaf " << i;
    }
  }
}

double resident_mb() {
  std::int64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  return static_cast<double>(pages) * 4096 / 1e6;
}

TEST_F(Layer, KeepsNothingOfTheSizesThatItHasSeen) {
  const c10::NoGradGuard no_gradient;
  const Linear layer{at::randn({512, 64}), at::randn({512})};
  const at::Tensor input = at::randn({2400, 64});
  layer(input, Activation::tanh);
  const double before = resident_mb();
  for (std::int64_t rows = 2100; rows < 2300; ++rows) layer(input.narrow(0, 0, rows), Activation::tanh);
  EXPECT_LT(resident_mb() - before, 60) << "code for each of 200 sizes would be 200 MB";
}

TEST_F(Layer, OnlyWhatLearnsGetsAGradient) {
  const at::Tensor input = at::randn({300, 40});
  layer_.weight.requires_grad_(true);
  layer_(input, Activation::tanh).sum().backward();
  EXPECT_TRUE(layer_.weight.grad().defined());
  EXPECT_FALSE(layer_.bias.grad().defined());
  EXPECT_FALSE(input.grad().defined());
}

}  // namespace
}  // namespace microtome
