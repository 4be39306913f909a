// SPDX-License-Identifier: Apache-2.0
// A reader learns: shares of inputs are Shapley's, by brute force over the orders in which inputs may come; shares of features are exact where the network is
// linear and complete where it is not; what is missing has no share.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "mil/aggregators/survival_head.h"
#include "mil/explain/explain_tables.h"
#include "small_model.h"

namespace microtome::test {
namespace {

ModelCard card_of(const std::string& fusion, const std::string& encoder, bool survival) {
  ModelCard card = small_card(false);
  card.fusion = fusion;
  card.modalities = {{"rna", {"A", "B", "C"}, {0, 1, 2}, {1, 2, 1}, "", encoder, 4, {}}, {"clinical", {"age", "sex=F"}, {60, 0.5}, {10, 0.5}, "", encoder, 4, {}}};
  if (survival) {
    card.classes = {"risk"};
    card.survival = SurvivalCard{"hazards", {6, 12, 24, 60}, {}, 0};
  }
  return card;
}

/// With nulls that are not zero, so that hiding an input shows.
MilNetwork network_of(const ModelCard& card) {
  MilNetwork network(card);
  network.draw(7);
  NamedTensors tensors = network.tensors();
  double k = 1;
  for (auto& [name, tensor] : tensors)
    if (name.ends_with("null")) tensor.fill_(0.2 * k++);
  network.read(tensors, "drawn");
  return network;
}

const std::vector<TableRow> kRows{{true, {1.5F, -2.0F, 4.0F}}, {true, {72.0F, 1.0F}}};

double answer(const MilNetwork& network, const BagInput& input, int predicted) {
  const at::NoGradGuard no_gradient;
  const at::Tensor logits = network.train(input, 0, Dropout{}).logits.to(at::kDouble);
  if (network.card().survival) return risk_of(*network.card().survival, logits).item<double>();
  const at::Tensor p = at::softmax(logits, 0)[predicted];
  return (p.log() - (1 - p).log()).item<double>();
}

/// 0 the tiles, 1 and 2 the tables.
BagInput with(const BagInput& input, const std::vector<int>& players) {
  BagInput out = input;
  const auto has = [&](int player) { return std::find(players.begin(), players.end(), player) != players.end(); };
  out.tiles_hidden = !has(0);
  for (int m = 0; m < 2; ++m)
    if (!has(m + 1)) out.tables[static_cast<std::size_t>(m)] = at::Tensor();
  return out;
}

std::vector<double> by_orders(const MilNetwork& network, const BagInput& input, int predicted) {
  std::vector<int> order{0, 1, 2};
  std::vector<double> shares(3, 0.0);
  int orders = 0;
  do {
    ++orders;
    std::vector<int> come;
    double before = answer(network, with(input, come), predicted);
    for (const int player : order) {
      come.push_back(player);
      const double now = answer(network, with(input, come), predicted);
      shares[static_cast<std::size_t>(player)] += now - before;
      before = now;
    }
  } while (std::next_permutation(order.begin(), order.end()));
  for (double& share : shares) share /= orders;
  return shares;
}

TEST(ExplainTables, SharesOfInputsAreMeansOverTheOrdersInWhichTheyMayCome) {
  for (const char* fusion : {"concat", "gated", "kronecker", "late"})
    for (const bool survival : {false, true}) {
      const MilNetwork network = network_of(card_of(fusion, "snn", survival));
      const Bag bag = wave_bag(9, 6);
      const BagInput input = network.input(bag, kRows);
      const int predicted = survival ? 0 : 1;
      const TableExplanation explanation = explain_tables(network, input, predicted);
      const auto expected = by_orders(network, input, predicted);
      ASSERT_EQ(explanation.shares.size(), 3U);
      double sum = 0;
      for (std::size_t p = 0; p < 3; ++p) {
        EXPECT_NEAR(*explanation.shares[p], expected[p], 1e-9) << fusion << " " << p;
        sum += *explanation.shares[p];
      }
      EXPECT_NEAR(sum, answer(network, input, predicted) - answer(network, with(input, {}), predicted), 1e-9) << fusion;
    }
}

TEST(ExplainTables, WhatIsMissingHasNoShareAndNoFeatures) {
  const MilNetwork network = network_of(card_of("gated", "snn", true));
  const Bag bag = wave_bag(5, 6);
  const TableExplanation explanation = explain_tables(network, network.input(bag, {kRows[0], {}}), 0);
  EXPECT_TRUE(explanation.shares[0] && explanation.shares[1]);
  EXPECT_FALSE(explanation.shares[2]);
  EXPECT_EQ(explanation.features[0].size(), 3U);
  EXPECT_TRUE(explanation.features[1].empty());
  const TableExplanation none = explain_tables(network, network.input(bag, {}), 0);
  EXPECT_TRUE(none.shares[0]);
  EXPECT_TRUE(none.features.empty());
}

TEST(ExplainTables, FeaturesAddUpToTheMoveButForTheGapThatIsTold) {
  for (const char* encoder : {"snn", "mlp", "linear"})
    for (const char* fusion : {"concat", "gated", "kronecker", "late"}) {
      const MilNetwork network = network_of(card_of(fusion, encoder, true));
      const Bag bag = wave_bag(9, 6);
      const TableExplanation explanation = explain_tables(network, network.input(bag, kRows), 0);
      double sum = 0;
      for (const auto& features : explanation.features) sum += std::accumulate(features.begin(), features.end(), 0.0);
      const std::vector<TableRow> means{{true, {0, 1, 2}}, {true, {60, 0.5}}};
      const double moved = answer(network, network.input(bag, kRows), 0) - answer(network, network.input(bag, means), 0);
      EXPECT_NEAR(std::abs(sum - moved), explanation.completeness_gap, 1e-6) << encoder << " " << fusion;
      // every ReLU that opens on the way is a kink that thirty points step over; the gap says by how much
      EXPECT_LT(explanation.completeness_gap, 0.15 * std::abs(moved) + 1e-3) << encoder << " " << fusion;
    }
}

TEST(ExplainTables, OfALinearNetworkTheShareIsWeightTimesDistanceFromTheMean) {
  ModelCard card = card_of("concat", "linear", true);
  card.survival = SurvivalCard{"risk", {12}, {0.1}, 0};
  MilNetwork network = network_of(card);
  NamedTensors tensors = network.tensors();
  for (auto& [name, tensor] : tensors)
    if (name.starts_with("tables.") && name.ends_with("0.bias")) tensor.fill_(50);  // every ReLU is open
  network.read(tensors, "opened");
  const Bag bag = wave_bag(9, 6);
  const TableExplanation explanation = explain_tables(network, network.input(bag, kRows), 0);
  const at::Tensor out = tensors.at("classifier.weight")[0].narrow(0, card.embed_dim, 4);
  const at::Tensor slope = at::matmul(out, tensors.at("tables.0.encoder.0.weight"));
  const double scaled[] = {1.5, -1.5, 2.0};  // (value - mean) / scale
  for (int f = 0; f < 3; ++f) EXPECT_NEAR(explanation.features[0][static_cast<std::size_t>(f)], slope[f].item<double>() * scaled[f], 2e-5);
}

TEST(ExplainTables, TheLargestSharesAreToldFirstAndNoMoreThanTwentyOfATable) {
  ModelCard card = card_of("concat", "linear", true);
  card.modalities[0].features.clear();
  TableExplanation explanation;
  explanation.shares = {0.1, 0.2, std::nullopt};
  explanation.features.resize(2);
  std::vector<TableRow> rows(2);
  for (int f = 0; f < 30; ++f) {
    card.modalities[0].features.push_back(numbered("G", f));
    rows[0].values.push_back(static_cast<float>(f));
    explanation.features[0].push_back(f % 2 == 0 ? f : -f);
  }
  explanation.completeness_gap = 0.25;
  Prediction prediction;
  prediction.modalities = {{"tiles", true, "", "", {}}, {"rna", true, "", "", {}}, {"clinical", false, "", "", {}}};
  tell_explanation(explanation, card, rows, prediction);
  ASSERT_EQ(prediction.features.size(), 20U);
  EXPECT_EQ(prediction.features.front().feature, "G29");
  EXPECT_EQ(prediction.features.front().share, -29);
  EXPECT_EQ(prediction.features.back().feature, "G10");
  EXPECT_EQ(prediction.modalities[1].share, 0.2);
  EXPECT_FALSE(prediction.modalities[2].share);
  EXPECT_EQ(prediction.completeness_gap, 0.25);
}

TEST(ExplainTables, OfSeveralModelsSharesAreMeansAndTheGapTheLargest) {
  const TableExplanation one{{0.2, std::nullopt}, {{1, 2}}, 0.1}, other{{0.6, std::nullopt}, {{3, -2}}, 0.3};
  const TableExplanation mean = mean_of({one, other});
  EXPECT_DOUBLE_EQ(*mean.shares[0], 0.4);
  EXPECT_FALSE(mean.shares[1]);
  EXPECT_EQ(mean.features[0], (std::vector<double>{2, 0}));
  EXPECT_DOUBLE_EQ(mean.completeness_gap, 0.3);
}

}  // namespace
}  // namespace microtome::test
