// SPDX-License-Identifier: Apache-2.0
// A reader learns: each loss on numbers that can be worked out by hand.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "mil/model_error.h"
#include "mil/training/losses.h"

namespace microtome {
namespace {

double of(LossKind kind, const at::Tensor& logits, int label, std::vector<double> weights = {}, double gamma = 2) {
  return BagLoss{kind, std::move(weights), gamma}(logits, label).item<double>();
}

at::Tensor logits() { return at::tensor({0.3, -0.1, 1.2}, at::kDouble); }

/// exp / sum of exp of the same.
double probability(int c) {
  const double all[] = {std::exp(0.3), std::exp(-0.1), std::exp(1.2)};
  return all[c] / (all[0] + all[1] + all[2]);
}

TEST(Losses, CrossEntropyIsTheLogarithmOfTheProbability) {
  EXPECT_NEAR(of(LossKind::cross_entropy, logits(), 1), -std::log(probability(1)), 1e-12);
  EXPECT_NEAR(of(LossKind::cross_entropy, logits(), 1, {1, 2.5, 1}), -2.5 * std::log(probability(1)), 1e-12);
}

TEST(Losses, FocalWithoutGammaIsCrossEntropyAndOtherwiseForgivesTheSure) {
  EXPECT_NEAR(of(LossKind::focal, logits(), 2, {}, 0), of(LossKind::cross_entropy, logits(), 2), 1e-12);
  EXPECT_NEAR(of(LossKind::focal, logits(), 2), -std::pow(1 - probability(2), 2) * std::log(probability(2)), 1e-12);
}

TEST(Losses, BceAsksEveryClassForItself) {
  const double expected = (std::log1p(std::exp(-0.3)) + std::log1p(std::exp(-0.1)) + std::log1p(std::exp(1.2))) / 3;
  EXPECT_NEAR(of(LossKind::bce, logits(), 0), expected, 1e-12);
  const at::Tensor several = at::tensor({1.0, 1.0, 0.0}, at::kDouble);
  const double both = (std::log1p(std::exp(-0.3)) + std::log1p(std::exp(0.1)) + std::log1p(std::exp(1.2))) / 3;
  EXPECT_NEAR(multi_label_loss(logits(), several).item<double>(), both, 1e-12);
}

TEST(Losses, OfSeveralLabelsThoseThatAreNotKnownHaveNoPart) {
  const double nan = std::nan("");
  const at::Tensor marks = at::tensor({1.0, nan, 0.0}, at::kDouble);
  const double yes = std::log1p(std::exp(-0.3)), no = std::log1p(std::exp(1.2));
  EXPECT_NEAR(multi_label_loss(logits(), marks).item<double>(), (yes + no) / 2, 1e-12);
  EXPECT_NEAR(multi_label_loss(logits(), marks, at::tensor({3.0, 5.0, 7.0}, at::kDouble)).item<double>(), (3 * yes + no) / 2, 1e-12) << "a no weighs 1";
  const double sure = 1 / (1 + std::exp(-0.3)), unsure = 1 / (1 + std::exp(1.2));
  const double focal = (std::pow(1 - sure, 2) * yes + std::pow(1 - unsure, 2) * no) / 2;
  EXPECT_NEAR(multi_label_loss(logits(), marks, {}, 2).item<double>(), focal, 1e-12);
  const BagLoss loss{LossKind::focal, {}, 2, AnswerKind::labels};
  EXPECT_NEAR(loss(logits(), Target{0, {1, std::nanf(""), 0}, 0}).item<double>(), focal, 1e-12);
}

TEST(Losses, OfANumberHuberBendsAtOneStandardDeviation) {
  const at::Tensor answer = at::tensor({0.25}, at::kDouble);
  const auto at_score = [&](LossKind kind, double score) { return BagLoss{kind, {}, 2, AnswerKind::value}(answer, Target{0, {}, score}).item<double>(); };
  EXPECT_NEAR(at_score(LossKind::mse, 2.25), 4, 1e-12);
  EXPECT_NEAR(at_score(LossKind::huber, 2.25), 1.5, 1e-12);
  EXPECT_NEAR(at_score(LossKind::huber, 0.75), 0.125, 1e-12);
}

TEST(Losses, SmoothSvmHasTheReferencesValuesAndAHingeForTheSure) {
  const at::Tensor rows = at::tensor({0.3, -0.1, 2.0, -1.0}, at::kDouble).reshape({2, 2});
  const auto row = [&](int i, int label) { return smooth_svm_loss(rows.narrow(0, i, 1), at::full({1}, label, at::kLong)).item<double>(); };
  EXPECT_NEAR(row(0, 1), 1.6204174099, 1e-10);
  EXPECT_NEAR(row(1, 0), 0.1269280110, 1e-10);
  EXPECT_NEAR(smooth_svm_loss(rows, at::tensor({1, 0}, at::kLong)).item<double>(), 0.8736727105, 1e-10);
  const at::Tensor far = at::tensor({8.0, 1.0}, at::kDouble).reshape({1, 2});
  EXPECT_EQ(smooth_svm_loss(far, at::full({1}, 0, at::kLong)).item<double>(), 0) << "7 apart: the hinge";
  EXPECT_EQ(smooth_svm_loss(far, at::full({1}, 1, at::kLong)).item<double>(), 8);
  const at::Tensor near = at::tensor({6.9, 0.0}, at::kDouble).reshape({1, 2});
  EXPECT_GT(smooth_svm_loss(near, at::full({1}, 0, at::kLong)).item<double>(), 0) << "6.9 apart: smooth";
}

TEST(Losses, MseIsBriersScoreAndHuberBendsAtAHalf) {
  double brier = 0, huber = 0;
  for (int c = 0; c < 3; ++c) {
    const double off = std::abs(probability(c) - (c == 0 ? 1 : 0));
    brier += off * off;
    huber += off <= 0.5 ? off * off / 2 : 0.5 * (off - 0.25);
  }
  EXPECT_NEAR(of(LossKind::mse, logits(), 0), brier, 1e-12);
  EXPECT_NEAR(of(LossKind::huber, logits(), 0), huber, 1e-12);
}

TEST(Losses, AnUnknownNameIsAnsweredWithTheKnownOnes) {
  try {
    loss_of("hinge");
    FAIL();
  } catch (const ModelError& error) {
    EXPECT_STREQ(error.what(), "the loss: one of cross-entropy, focal, bce, smooth-svm, mse, huber was wanted: found 'hinge'");
  }
}

}  // namespace
}  // namespace microtome
