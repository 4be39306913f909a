// SPDX-License-Identifier: Apache-2.0
// A reader learns: each loss of followed patients gives the values of the publications' formulas, worked out in float64 elsewhere (scipy,
// statsmodels' PHReg for Cox), and gradients that finite differences confirm.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <functional>

#include "mil/aggregators/survival_head.h"
#include "mil/training/survival_losses.h"

namespace microtome {
namespace {

at::Tensor rows() {
  return at::tensor({0.1, -0.2, 0.3, -0.4, 1.0, 0.5, -0.5, -1.0, -2.0, 0.0, 2.0, 4.0}, at::kDouble).reshape({3, 4});
}

const std::vector<Followed> kFollowed{{20, true, 2}, {5, false, 0}, {40, true, 3}};

double nll(int row, double alpha) { return hazard_nll(rows()[row], kFollowed[static_cast<std::size_t>(row)], alpha).item<double>(); }

/// The largest difference between the gradient and central differences.
double gradient_error(const at::Tensor& at, const std::function<at::Tensor(const at::Tensor&)>& loss) {
  const at::Tensor input = at.clone().requires_grad_(true);
  const at::Tensor gradient = torch::autograd::grad({loss(input)}, {input}).front().flatten();
  double worst = 0;
  for (std::int64_t i = 0; i < gradient.numel(); ++i) {
    at::Tensor up = at.clone(), down = at.clone();
    up.flatten()[i] += 1e-6;
    down.flatten()[i] -= 1e-6;
    const double slope = (loss(up).item<double>() - loss(down).item<double>()) / 2e-6;
    worst = std::max(worst, std::abs(slope - gradient[i].item<double>()));
  }
  return worst;
}

TEST(SurvivalLosses, HazardLikelihoodHasTheValuesOfItsFormula) {
  EXPECT_NEAR(nll(0, 0), 1.8968907739, 1e-10);
  EXPECT_NEAR(nll(1, 0), 1.3132616875, 1e-10);
  EXPECT_NEAR(nll(2, 0), 2.9651531306, 1e-10);
  EXPECT_NEAR(survival_loss("nll", rows(), kFollowed, 0).item<double>(), 2.0584351973, 1e-10);
  EXPECT_NEAR(survival_loss("nll", rows(), kFollowed, 0.15).item<double>(), 1.9927721130, 1e-10);
  EXPECT_NEAR(survival_loss("nll", rows(), kFollowed, 0.4).item<double>(), 1.8833336390, 1e-10);
  EXPECT_NEAR(survival_loss("nll", rows(), kFollowed, 0.5).item<double>(), 1.8395582494, 1e-10);
}

TEST(SurvivalLosses, HazardLikelihoodIsThatOfBinaryEventsBinByBin) {
  // cumulative binary cross-entropy, written out
  const at::Tensor logits = rows()[2];
  double expected = 0;
  for (int k = 0; k < 3; ++k) expected += std::log1p(std::exp(logits[k].item<double>()));
  EXPECT_NEAR(nll(2, 0), expected + std::log1p(std::exp(-logits[3].item<double>())), 1e-12);
  EXPECT_TRUE(std::isfinite(hazard_nll(at::full({4}, 800.0, at::kDouble), {1, false, 3}, 0).item<double>()));
}

TEST(SurvivalLosses, SurvivalCrossEntropyHasTheValuesOfItsFormula) {
  const double expected[] = {0.3846846697, 1.1162724344, 0.4455759343};
  for (int i = 0; i < 3; ++i)
    EXPECT_NEAR(survival_cross_entropy(rows()[i], kFollowed[static_cast<std::size_t>(i)], 0.15).item<double>(), expected[i], 1e-10);
  EXPECT_NEAR(survival_loss("ce-surv", rows(), kFollowed, 0.15).item<double>(), 0.6488443461, 1e-10);
}

TEST(SurvivalLosses, CoxAgreesWithStatsmodelsWhereTimesAreTied) {
  const at::Tensor risks = at::tensor({0.5, -0.2, 0.1, 0.3, -0.4}, at::kDouble);
  const std::vector<Followed> followed{{1, true, 0}, {2, true, 0}, {2, true, 0}, {3, false, 0}, {4, true, 0}};
  EXPECT_NEAR(4 * cox_loss(risks, followed, false).item<double>(), 4.065912084371, 1e-11);
  EXPECT_NEAR(4 * cox_loss(risks, followed, true).item<double>(), 3.786333936879, 1e-11);
  // the order of the patients does not matter
  const at::Tensor turned = risks.flip(0).contiguous();
  EXPECT_NEAR(4 * cox_loss(turned, {followed.rbegin(), followed.rend()}, true).item<double>(), 3.786333936879, 1e-11);
}

TEST(SurvivalLosses, WithoutAnEventCoxIsZeroWithAGraph) {
  const at::Tensor risks = at::tensor({0.5, -0.2}, at::kDouble).requires_grad_(true);
  const at::Tensor loss = cox_loss(risks, {{1, false, 0}, {2, false, 0}}, true);
  EXPECT_EQ(loss.item<double>(), 0);
  EXPECT_EQ(torch::autograd::grad({loss}, {risks}).front().abs().sum().item<double>(), 0);
}

TEST(SurvivalLosses, RankingLowersWhenWhoDiesFirstIsRankedFirst) {
  const std::vector<Followed> followed{{1, true, 0}, {9, false, 3}};
  const auto loss = [&](double first, double second) {
    return ranking_loss(at::stack({at::full({4}, first, at::kDouble), at::full({4}, second, at::kDouble)}), followed).item<double>();
  };
  EXPECT_LT(loss(1, -1), 0.01);
  EXPECT_GT(loss(-1, 1), 10);
  EXPECT_DOUBLE_EQ(loss(0.3, 0.3), 1);
  // F_i - F_j at the time of the event, over 0.1
  EXPECT_NEAR(loss(1, -1), std::exp(-(1 / (1 + std::exp(-1.0)) - 1 / (1 + std::exp(1.0))) / 0.1), 1e-12);
}

TEST(SurvivalLosses, GradientsAgreeWithFiniteDifferences) {
  for (const char* name : {"nll", "ce-surv", "ranking"})
    EXPECT_LT(gradient_error(rows(), [&](const at::Tensor& x) { return survival_loss(name, x, kFollowed, 0.15); }), 1e-6) << name;
  const at::Tensor risks = at::tensor({0.5, -0.2, 0.1}, at::kDouble).reshape({3, 1});
  for (const char* name : {"cox", "cox-efron"})
    EXPECT_LT(gradient_error(risks, [&](const at::Tensor& x) { return survival_loss(name, x, {{1, true, 0}, {1, true, 0}, {2, false, 0}}, 0); }), 1e-6) << name;
}

TEST(SurvivalHead, RiskIsMinusTheSumOfSurvival) {
  const double expected[] = {-0.9138946710, -0.4798845120, -1.3746366280};
  const SurvivalCard card{"hazards", {1, 2, 3, 4}, {}, 0};
  for (int i = 0; i < 3; ++i) EXPECT_NEAR(risk_of(card, rows()[i]).item<double>(), expected[i], 1e-10);
}

TEST(SurvivalHead, TheCurveIsTheProductOfWhatHazardsLeave) {
  SurvivalCard card{"hazards", {6, 12, 24, 60}, {}, -1};
  const SurvivalAnswer answer = survival_answer(card, rows()[0]);
  double left = 1;
  for (int k = 0; k < 4; ++k) {
    left *= 1 - 1 / (1 + std::exp(-rows()[0][k].item<double>()));
    EXPECT_NEAR(answer.survival[static_cast<std::size_t>(k)], left, 1e-12);
  }
  EXPECT_TRUE(answer.high());  // -0.91 is above -1
  EXPECT_NEAR(survival_at(answer, 3), (1 + answer.survival[0]) / 2, 1e-12);
  EXPECT_NEAR(survival_at(answer, 18), (answer.survival[1] + answer.survival[2]) / 2, 1e-12);
  EXPECT_EQ(survival_at(answer, 100), answer.survival[3]);
}

TEST(SurvivalHead, OneLogitFollowsTheBaseline) {
  const SurvivalCard card{"risk", {12, 24}, {0.1, 0.3}, 0.5};
  const SurvivalAnswer answer = survival_answer(card, at::tensor({0.7}, at::kDouble));
  EXPECT_DOUBLE_EQ(answer.risk, 0.7);
  EXPECT_NEAR(answer.survival[1], std::exp(-0.3 * std::exp(0.7)), 1e-12);
}

TEST(SurvivalHead, SharesOfTilesAddUpToTheRisk) {
  const at::Tensor contribution = at::tensor({0.2, 0.1, -0.3, 0.4, 0.5, -0.1, 0.2, 0.3}, at::kDouble).reshape({2, 4});
  const at::Tensor offset = at::tensor({0.1, -0.2, 0.3, -0.4}, at::kDouble);
  const Weighed all{contribution.sum(0) + offset, at::tensor({0.25, 0.75}, at::kDouble).unsqueeze(1), contribution, offset};
  const SurvivalCard card{"hazards", {1, 2, 3, 4}, {}, 0};
  const Weighed risk = weighed_risk(card, all);
  EXPECT_NEAR(risk.logits.item<double>(), risk_of(card, all.logits).item<double>(), 1e-14);
  EXPECT_NEAR((risk.contribution.sum(0) + risk.offset).item<double>(), risk.logits.item<double>(), 1e-14);
  // a little more of a tile moves the risk by its share
  at::Tensor more = all.logits + 1e-6 * contribution[0];
  EXPECT_NEAR((risk_of(card, more) - risk_of(card, all.logits)).item<double>() / 1e-6, risk.contribution[0][0].item<double>(), 1e-5);
}

}  // namespace
}  // namespace microtome
