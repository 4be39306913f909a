// SPDX-License-Identifier: Apache-2.0
// A reader learns: how a network's output becomes one row a tile: pooled tokens, probabilities, and what is refused.
#include "mil/encoders/rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "mil/model_error.h"
#include "tests/support/expect_error.h"

namespace microtome {
namespace {

using testing::HasSubstr;

/// Two tiles of four tokens of three numbers, counted through.
at::Tensor tokens() { return at::arange(24, at::kFloat).reshape({2, 4, 3}); }

TEST(Rows, TokensArePooledBehindClassTokenAndRegisters) {
  EXPECT_TRUE(make_rows(tokens(), 2, {Pooling::class_token, 2, false}, "m").equal(at::tensor(std::vector<float>{0.F, 1, 2, 12, 13, 14}).reshape({2, 3})));
  EXPECT_TRUE(make_rows(tokens(), 2, {Pooling::mean, 2, false}, "m").equal(at::tensor(std::vector<float>{7.5F, 8.5F, 9.5F, 19.5F, 20.5F, 21.5F}).reshape({2, 3})));
  const at::Tensor both = make_rows(tokens(), 2, {Pooling::class_and_mean, 2, false}, "m");
  EXPECT_TRUE(both.select(0, 0).equal(at::tensor(std::vector<float>{0.F, 1, 2, 7.5F, 8.5F, 9.5F})));
}

TEST(Rows, ClassifiersGiveProbabilitiesSoftmaxOfManyLogitsSigmoidOfOne) {
  const at::Tensor two = make_rows(at::tensor(std::vector<float>{0.F, 0.F, 1.F, 3.F}).reshape({2, 2}), 2, {Pooling::none, 1, true}, "m");
  EXPECT_FLOAT_EQ(two[0][1].item<float>(), 0.5F);
  EXPECT_FLOAT_EQ(two[1][1].item<float>(), 1 / (1 + std::exp(-2.0F)));
  const at::Tensor one = make_rows(at::tensor(std::vector<float>{2.F}).reshape({1, 1}), 1, {Pooling::none, 1, true}, "m");
  EXPECT_FLOAT_EQ(one[0][0].item<float>(), 1 / (1 + std::exp(-2.0F)));
}

TEST(Rows, LowerPrecisionsBecomeFloats) {
  const at::Tensor rows = make_rows(at::ones({1, 2}, at::kBFloat16), 1, {}, "m");
  EXPECT_EQ(rows.scalar_type(), at::kFloat);
}

TEST(Rows, OtherShapesAreRefusedWithWhatToDo) {
  const auto refused = [](const at::Tensor& output, const RowRule& rule) {
    return sentence_of<ModelError>([&] { make_rows(output, 2, rule, "uni"); });
  };
  EXPECT_EQ(refused(tokens(), {}), "uni: wanted an output of shape [2, features]: found [2, 4, 3]: export the model with one pooled row per tile, or "
                                   "state 'pooling' in microtome.json");
  EXPECT_THAT(refused(at::zeros({3, 4}), {}), HasSubstr("found [3, 4]"));
  EXPECT_EQ(refused(at::zeros({2, 4}), {Pooling::mean, 1, false}),
            "uni: wanted an output of shape [2, more than 1 tokens, features] for pooling 'mean': found [2, 4]: correct 'pooling' and "
            "'prefix_tokens' in microtome.json");
  EXPECT_THAT(refused(tokens(), {Pooling::mean, 4, false}), HasSubstr("more than 4 tokens"));
}

}  // namespace
}  // namespace microtome
