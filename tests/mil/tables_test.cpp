// SPDX-License-Identifier: Apache-2.0
// A reader learns: what cards of networks with tables are refused, in which words, and what dropout and the variational code do while training.
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>

#include "mil/aggregators/mil_network.h"
#include "mil/genomics/encoders/table_encoder.h"
#include "mil/model_error.h"
#include "mil/training/contrastive_loss.h"
#include "golden/contrastive_golden.h"
#include "small_model.h"

namespace microtome::test {
namespace {

std::string refusal(const std::function<void(ModelCard&)>& change) {
  ModelCard card = small_card(true);
  card.embed_dim = 16;
  change(card);
  return sentence_of<ModelError>([&] { MilNetwork network(card); });
}

TEST(TableCards, NameAnUnknownEncoderFusionOrMissingGroups) {
  EXPECT_EQ(refusal([](ModelCard& card) { card.modalities[0].encoder = "cnn"; }),
            "the table rna: an encoder among linear, snn, mlp, vae, conv1d, groups, pathways was wanted: found 'cnn'");
  EXPECT_EQ(refusal([](ModelCard& card) { card.modalities[0].encoder = "pathways"; }),
            "the table rna: groups of features were wanted by the encoder pathways: it has none: give a gene sets file (--gene-sets), or use snn");
  EXPECT_EQ(refusal([](ModelCard& card) {
              card.modalities[0].encoder = "groups";
              card.modalities[0].groups = {{"TP53", {0}}, {"nobody", {}}};
            }),
            "the table rna: one or more features a group were wanted by the encoder groups: 'nobody' has none: leave it out");
  EXPECT_EQ(refusal([](ModelCard& card) { card.fusion = "sum"; }), "the fusion: one of concat, gated, kronecker, late was wanted: found 'sum'");
  EXPECT_EQ(refusal([](ModelCard& card) {
              card.aggregator = "tables";
              card.fusion = "kronecker";
            }),
            "the fusion kronecker: two or more modalities were wanted: there is one: use concat");
}

TEST(TableCards, OfNetworksThatNeedTablesSayWhichTheyNeed) {
  EXPECT_EQ(refusal([](ModelCard& card) {
              card.aggregator = "mcat";
              card.modalities.clear();
            }),
            "mcat: a table beside the tiles was wanted: there is none: give one, or use abmil-gated");
  EXPECT_EQ(refusal([](ModelCard& card) { card.aggregator = "survpath"; }),
            "survpath: tables encoded as wide as the tiles (16) were wanted: rna has 2: train it again");
  EXPECT_TRUE(needs_tables("tables") && needs_tables("mcat") && !needs_tables("abmil") && takes_tables("abmil") && !takes_tables("mean"));
}

at::Generator generator() { return at::make_generator<at::CPUGeneratorImpl>(std::uint64_t{7}); }

TEST(AlphaDropout, KeepsMeanAndVarianceAndRepeatsItself) {
  const at::Tensor values = at::randn({400000}, generator());
  const at::Tensor dropped = Dropout{0.25, generator()}.alpha(values);
  EXPECT_NEAR(dropped.mean().item<double>(), 0, 0.01);
  EXPECT_NEAR(dropped.var().item<double>(), 1, 0.01);
  const at::Tensor of_ones = Dropout{0.25, generator()}.alpha(at::ones({400000}));
  EXPECT_NEAR((of_ones == of_ones.min()).to(at::kDouble).mean().item<double>(), 0.25, 0.01);
  const double root = std::sqrt(0.75 * (1 + 0.25 * 1.7580993408 * 1.7580993408));
  EXPECT_NEAR(of_ones.min().item<double>(), -1.7580993408 * 0.75 / root, 1e-6) << "the dropped lie together at the saturation";
  EXPECT_NEAR(of_ones.max().item<double>(), (1 + 1.7580993408 * 0.25) / root, 1e-6);
  EXPECT_TRUE(at::equal(dropped, Dropout{0.25, generator()}.alpha(values)));
  EXPECT_TRUE(at::equal(values, Dropout{}.alpha(values)));
}

TEST(VariationalEncoder, DrawsItsCodeOnlyWhileTraining) {
  ModelCard card = small_card(true);
  card.modalities[0].encoder = "vae";
  MilNetwork network(card);
  network.draw(1);
  const Bag bag = wave_bag(5, 6);
  const BagInput input = network.input(bag, {{true, {1, 2, 3}}});
  const auto logits = [&](const Dropout& dropout) { return network.train(input, 0, dropout).logits; };
  EXPECT_TRUE(at::equal(logits(Dropout{}), logits(Dropout{})));
  const Dropout drawn{0, generator()};
  EXPECT_FALSE(at::equal(logits(drawn), logits(drawn)));
  EXPECT_TRUE(at::equal(logits({0, generator()}), logits({0, generator()})));
}

/// As golden/contrastive.py makes them.
at::Tensor golden_slides() {
  return at::sin(0.7 * at::arange(6, at::kDouble).unsqueeze(1) + 1.3 * at::arange(5, at::kDouble).unsqueeze(0));
}
at::Tensor golden_tables() {
  return golden_slides() + 0.5 * at::cos(2.1 * at::arange(6, at::kDouble).unsqueeze(1) - 0.4 * at::arange(5, at::kDouble).unsqueeze(0));
}

TEST(ContrastiveLoss, AndItsGradientAreThoseOfTorchInPython) {
  const std::vector<std::pair<double, std::vector<double>>> cases{{0.01, golden::contrastive_cold}, {0.1, golden::contrastive_mild}, {1.0, golden::contrastive_warm}};
  for (const auto& [temperature, wanted] : cases) {
    const at::AutoGradMode with_gradient(true);
    const at::Tensor slides = golden_slides().set_requires_grad(true);
    const at::Tensor loss = contrastive_loss(slides, golden_tables(), temperature);
    loss.backward();
    EXPECT_NEAR(loss.item<double>(), wanted[0], 1e-9) << temperature;
    const at::Tensor gradient = at::tensor(std::vector<double>(wanted.begin() + 1, wanted.end()), at::kDouble).reshape({6, 5});
    EXPECT_LT((slides.grad() - gradient).abs().max().item<double>(), 1e-9) << temperature;
  }
}

TEST(ContrastiveLoss, DoesNotSeeTheLengthOfAVector) {
  EXPECT_NEAR(contrastive_loss(3 * golden_slides(), golden_tables(), 0.1).item<double>(), golden::contrastive_mild[0], 1e-12);
}

TEST(ContrastiveLoss, OfPairsThatMatchFallsWithTheTemperatureAndIsTheLogarithmOfTheBatchWhereAllAreAlike) {
  const at::Tensor apart = at::eye(8, at::kDouble), alike = at::ones({8, 3}, at::kDouble);
  EXPECT_NEAR(contrastive_loss(apart, apart, 0.5).item<double>(), std::log(1 + 7 * std::exp(-2.0)), 1e-12);
  EXPECT_LT(contrastive_loss(apart, apart, 0.01).item<double>(), 1e-12);
  EXPECT_NEAR(contrastive_loss(alike, alike).item<double>(), std::log(8.0), 1e-12);
  EXPECT_EQ(contrastive_loss(alike.narrow(0, 0, 1), alike.narrow(0, 0, 1)).item<double>(), 0);
}

TEST(ContrastiveLoss, RefusesWhatIsNoPairing) {
  EXPECT_EQ(sentence_of<ModelError>([] { contrastive_loss(at::ones({2, 3}), at::ones({3, 3})); }),
            "the contrastive loss: a vector a slide and one of the same width a table were wanted: there are 6 and 9 numbers");
  EXPECT_EQ(sentence_of<ModelError>([] { contrastive_loss(at::ones({2, 3}), at::ones({2, 3}), 0); }),
            "the contrastive loss: a temperature above 0 was wanted: it is 0");
}

}  // namespace
}  // namespace microtome::test
