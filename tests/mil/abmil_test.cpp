// SPDX-License-Identifier: Apache-2.0
// A reader learns that the network computes what a float64 torch.nn.Module computes, that contributions add up, and what a broken folder
// says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>
#include <thread>

#include "golden/abmil_golden.h"
#include "mil/aggregators/slide_model.h"
#include "mil/model_error.h"
#include "small_model.h"

namespace microtome::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr float missing = std::numeric_limits<float>::quiet_NaN();
const std::vector<TableRow> no_row;
const std::vector<TableRow> golden_row{{true, {2.5F, 900.0F, missing}}};

std::shared_ptr<const SlideModel> small_model(bool genes) {
  const ScratchFolder folder;
  const auto card = small_card(genes);
  write_model_folder(folder.path(), card, small_weights(card));
  return load_slide_model(folder.path());
}

template <class Value>
void expect_near(const std::vector<Value>& values, std::span<const double> wanted) {
  ASSERT_EQ(values.size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(values[i], wanted[i], 1e-5) << "at " << i;
}

/// Tile i of the result is tile order[i] of the bag.
Bag taken(const Bag& bag, const std::vector<std::size_t>& order) {
  Bag result = bag;
  result.features.clear();
  for (const auto i : order)
    for (std::int64_t d = 0; d < bag.feature_dim; ++d) result.features.push_back(bag.features[i * bag.feature_dim + d]);
  result.coords.assign(order.size() * 2, 0);
  return result;
}

std::vector<double> sum_of_contributions(const Prediction& prediction) {
  auto sum = prediction.offset;
  for (std::size_t i = 0; i < prediction.contribution.size(); ++i) sum[i % sum.size()] += prediction.contribution[i];
  return sum;
}

std::string load_sentence(const std::filesystem::path& folder) {
  return sentence_of<ModelError>([&] { load_slide_model(folder); });
}

TEST(Abmil, AnswersLikeAFloat64TorchModuleWithAGenomicRow) {
  const auto prediction = small_model(true)->predict(wave_bag(7, 6), golden_row);
  expect_near(prediction.logits, golden::with_genes_logits);
  expect_near(prediction.probabilities, golden::with_genes_probabilities);
  expect_near(prediction.attention, golden::with_genes_attention);
  expect_near(prediction.contribution, golden::with_genes_contribution);
  ASSERT_EQ(prediction.modalities.size(), 2U);
  EXPECT_EQ(prediction.modalities[0].name, "tiles");
  EXPECT_EQ(prediction.modalities[1].name, "rna");
  EXPECT_TRUE(prediction.modalities[1].present);
}

TEST(Abmil, AnswersLikeAFloat64TorchModuleWhenTheGenomicRowIsMissing) {
  const auto prediction = small_model(true)->predict(wave_bag(7, 6), no_row);
  expect_near(prediction.logits, golden::without_row_logits);
  expect_near(prediction.attention, golden::without_row_attention);
  expect_near(prediction.contribution, golden::without_row_contribution);
  ASSERT_EQ(prediction.modalities.size(), 2U);
  EXPECT_FALSE(prediction.modalities[1].present);
}

TEST(Abmil, AnswersLikeAFloat64TorchModuleOnImagesAlone) {
  const auto prediction = small_model(false)->predict(wave_bag(7, 6), golden_row);
  expect_near(prediction.logits, golden::image_only_logits);
  expect_near(prediction.attention, golden::image_only_attention);
  expect_near(prediction.contribution, golden::image_only_contribution);
  EXPECT_TRUE(prediction.modalities.empty());
}

TEST(Abmil, ContributionsAndOffsetAddUpToTheLogits) {
  const auto prediction = small_model(true)->predict(wave_bag(500, 6), golden_row);
  expect_near(sum_of_contributions(prediction), prediction.logits);
}

TEST(Abmil, PredictedIsTheMostProbableClassAndProbabilitiesSumToOne) {
  const auto prediction = small_model(true)->predict(wave_bag(9, 6), no_row);
  const auto& all = prediction.probabilities;
  EXPECT_EQ(prediction.predicted, std::max_element(all.begin(), all.end()) - all.begin());
  EXPECT_NEAR(std::accumulate(all.begin(), all.end(), 0.0), 1.0, 1e-12);
  EXPECT_EQ(prediction.classes, small_card(true).classes);
  EXPECT_EQ(prediction.task, "label");
}

TEST(Abmil, OrderOfTilesDoesNotMatter) {
  const auto model = small_model(false);
  const auto bag = wave_bag(101, 6);
  std::vector<std::size_t> order(101);
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i * 37 % 101;
  const auto straight = model->predict(bag, no_row);
  const auto permuted = model->predict(taken(bag, order), no_row);
  expect_near(permuted.logits, straight.logits);
  for (std::size_t i = 0; i < order.size(); ++i) EXPECT_NEAR(permuted.attention[i], straight.attention[order[i]], 1e-5);
}

TEST(Abmil, EveryTileTwiceHalvesAttentionAndLeavesProbabilities) {
  const auto model = small_model(false);
  const auto bag = wave_bag(50, 6);
  std::vector<std::size_t> twice;
  for (std::size_t i = 0; i < 50; ++i) twice.insert(twice.end(), {i, i});
  const auto once = model->predict(bag, no_row);
  const auto doubled = model->predict(taken(bag, twice), no_row);
  expect_near(doubled.probabilities, once.probabilities);
  for (std::size_t i = 0; i < 100; ++i) EXPECT_NEAR(doubled.attention[i], once.attention[i / 2] / 2, 1e-6);
  EXPECT_NEAR(doubled.effective_tiles, 2 * once.effective_tiles, 1e-4);
}

TEST(Abmil, BagsLongerThanOneChunkAreOneBag) {
  const auto model = small_model(false);
  const auto bag = wave_bag(25, 6);
  std::vector<std::size_t> many;
  for (std::size_t i = 0; i < 25 * 1000; ++i) many.push_back(i % 25);
  const auto once = model->predict(bag, no_row);
  const auto long_one = model->predict(taken(bag, many), no_row);
  expect_near(long_one.probabilities, once.probabilities);
  EXPECT_NEAR(std::accumulate(long_one.attention.begin(), long_one.attention.end(), 0.0), 1.0, 1e-4);
  EXPECT_NEAR(long_one.attention[24999] * 1000, once.attention[24], 1e-5);
}

TEST(Abmil, OneTileHasAllAttentionAndNoEntropy) {
  const auto prediction = small_model(false)->predict(wave_bag(1, 6), no_row);
  EXPECT_FLOAT_EQ(prediction.attention.at(0), 1.0F);
  EXPECT_NEAR(prediction.attention_entropy, 0.0, 1e-12);
  EXPECT_NEAR(prediction.effective_tiles, 1.0, 1e-12);
}

TEST(Abmil, EqualTilesHaveTheEntropyOfAUniformChoice) {
  const auto prediction = small_model(false)->predict(taken(wave_bag(1, 6), std::vector<std::size_t>(8, 0)), no_row);
  EXPECT_NEAR(prediction.attention_entropy, std::log(8.0), 1e-6);
  EXPECT_NEAR(prediction.effective_tiles, 8.0, 1e-5);
}

TEST(Abmil, FourThreadsGetTheBitsOfOne) {
  const auto model = small_model(true);
  const auto bag = wave_bag(3000, 6);
  const auto alone = model->predict(bag, golden_row);
  std::vector<Prediction> together(4);
  std::vector<std::thread> threads;
  for (auto& one : together) threads.emplace_back([&] { one = model->predict(bag, golden_row); });
  for (auto& thread : threads) thread.join();
  for (const auto& one : together) {
    EXPECT_EQ(one.logits, alone.logits);
    EXPECT_EQ(one.attention, alone.attention);
    EXPECT_EQ(one.contribution, alone.contribution);
  }
}

TEST(Abmil, AHundredThousandTilesNeedLittleMoreThanTheirFeatures) {
  auto card = small_card(false);
  card.feature_dim = 8;
  card.embed_dim = 256;
  card.attention_dim = 384;
  const ScratchFolder folder;
  write_model_folder(folder.path(), card, small_weights(card));
  const auto model = load_slide_model(folder.path());
  const auto bag = wave_bag(100000, 8);
  const auto peak_kib = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
  };
  const auto before = peak_kib();
  EXPECT_EQ(model->predict(bag, no_row).attention.size(), 100000U);
  // All at once the attention branches alone are 460 MB; the chunks are 40 MB, and address sanitizers hold back 256 MB of freed memory.
  EXPECT_LT(peak_kib() - before, 400 * 1024);
}

TEST(Abmil, ABagWithoutTilesIsRefused) {
  const auto model = small_model(false);
  EXPECT_EQ(sentence_of<BagError>([&] { model->predict(wave_bag(0, 6), no_row); }),
            "the bag: at least one tile was wanted: it has none: a slide without tiles gets no prediction");
}

TEST(Abmil, ABagOfAnotherDimensionIsRefused) {
  const auto model = small_model(false);
  EXPECT_EQ(sentence_of<BagError>([&] { model->predict(wave_bag(3, 5), no_row); }),
            "the bag: features of 6 numbers were wanted by the model: these have 5: extract them with the model's encoder 'resnet18'");
}

TEST(Abmil, ABagWithTooFewNumbersIsRefused) {
  const auto model = small_model(false);
  auto bag = wave_bag(3, 6);
  bag.features.pop_back();
  EXPECT_EQ(sentence_of<BagError>([&] { model->predict(bag, no_row); }),
            "the bag: 3 x 6 features were wanted: there are 17: extract the slide again");
}

TEST(Abmil, AFeatureThatIsNotANumberIsRefused) {
  const auto model = small_model(false);
  auto bag = wave_bag(3, 6);
  bag.features[7] = missing;
  EXPECT_EQ(sentence_of<BagError>([&] { model->predict(bag, no_row); }),
            "the bag: finite features were wanted: the model's answer is not a number: extract the slide again");
}

TEST(Abmil, AGenomicRowOfTheWrongLengthIsRefused) {
  const auto model = small_model(true);
  EXPECT_EQ(sentence_of<BagError>([&] {
              model->predict(wave_bag(3, 6), {{true, {1.0F}}});
            }),
            "the row of rna: 3 features were wanted by the model: there are 1: give those that the card lists");
}

/// A good folder that a test then breaks.
class BrokenModel : public testing::Test {
 protected:
  void SetUp() override {
    card_ = small_card(true);
    weights_ = small_weights(card_);
    write();
  }
  void write() { write_model_folder(folder_.path(), card_, weights_); }
  std::string weights_file() const { return (folder_.path() / "weights.safetensors").string(); }
  ScratchFolder folder_;
  ModelCard card_;
  WeightTable weights_;
};

TEST_F(BrokenModel, WithoutAFolderSaysSo) {
  const auto nowhere = folder_.path() / "nowhere";
  EXPECT_EQ(load_sentence(nowhere),
            nowhere.string() + ": a model folder was wanted: there is no such folder: name one that 'microtome train' wrote");
}

TEST_F(BrokenModel, WithoutWeightsSaysSo) {
  std::filesystem::remove(weights_file());
  EXPECT_EQ(load_sentence(folder_.path()),
            weights_file() + ": the weights of the model were wanted: there is no such file: copy the whole folder");
}

TEST_F(BrokenModel, WithOneChangedByteIsRefused) {
  auto bytes = read_all(weights_file());
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  write_all(weights_file(), bytes);
  EXPECT_THAT(load_sentence(folder_.path()), AllOf(HasSubstr("the weights with sha256 "), HasSubstr("the file was changed or is damaged")));
}

TEST_F(BrokenModel, WithWeightsThatAreNotSafetensorsIsRefused) {
  write_all(weights_file(), "short");
  write_model_card(folder_.path(), {card_, "f9b0078b5df596d2ea19010c001bbd009e651de2c57e8fb7e355f31eb9d3f739"});
  EXPECT_THAT(load_sentence(folder_.path()), AllOf(HasSubstr(weights_file()), testing::Not(HasSubstr("sha256"))));
}

TEST_F(BrokenModel, WithAMissingTensorNamesIt) {
  weights_.erase("tables.0.null");
  write();
  EXPECT_EQ(load_sentence(folder_.path()),
            weights_file() + ": tensor 'tables.0.null' float32 [2] was wanted: it is missing: use the folder as 'microtome train' wrote it");
}

TEST_F(BrokenModel, WithATensorOfAnotherShapeNamesBoth) {
  weights_["patch_embed.0.weight"].shape = {6, 5};
  write();
  EXPECT_EQ(load_sentence(folder_.path()), weights_file() +
                                               ": tensor 'patch_embed.0.weight' float32 [5, 6] was wanted: it is Float [6, 5]: "
                                               "use the folder as 'microtome train' wrote it");
}

TEST_F(BrokenModel, WithATensorTooManyNamesIt) {
  weights_["surprise"] = {{1}, {0.0F}};
  write();
  EXPECT_THAT(load_sentence(folder_.path()), HasSubstr("only the tensors of the card's network was wanted: there is also 'surprise'"));
}

TEST_F(BrokenModel, WithAWeightThatIsNotANumberIsRefused) {
  weights_["classifier.bias"].values[1] = missing;
  write();
  EXPECT_THAT(load_sentence(folder_.path()), HasSubstr("tensor 'classifier.bias' float32 [3] was wanted: it holds NaN or infinity"));
}

TEST_F(BrokenModel, WithAScalerOfZeroIsRefused) {
  weights_["feature_scaler.scale"].values[1] = 0;
  write();
  EXPECT_THAT(load_sentence(folder_.path()), HasSubstr("a positive 'feature_scaler.scale' was wanted: it holds zero or less"));
}

TEST_F(BrokenModel, OfAnUnknownAggregatorNamesBoth) {
  card_.aggregator = "perceiver";
  write();
  EXPECT_EQ(load_sentence(folder_.path()),
            (folder_.path() / "model.json").string() +
                ": an aggregator among mean, max, top-k, abmil, abmil-gated, clam-sb, clam-mb, clam-sb-plain, clam-mb-plain, dsmil, transmil, transformer, "
                "patch-gcn, porpoise, mcat, survpath, tables was wanted: the card names 'perceiver': a newer version of the program may know it");
}

std::string match_sentence(const std::string& encoder, const std::string& sha256, std::int64_t dim, int tile_px, double mpp) {
  return sentence_of<ModelError>([&] { require_match(small_card(false), "model", encoder, sha256, dim, tile_px, mpp); });
}

TEST(RequireMatch, AcceptsTheRunTheModelWasTrainedFor) {
  EXPECT_NO_THROW(require_match(small_card(false), "model", "resnet18", "abc", 6, 256, 0.5));
  EXPECT_NO_THROW(require_match(small_card(false), "model", "resnet18", "abc", 6, 256, 0.5000001));
}

TEST(RequireMatch, NamesBothSidesOfADifference) {
  EXPECT_EQ(match_sentence("uni", "abc", 6, 256, 0.5),
            "model: the model was trained with encoder 'resnet18': this run has 'uni': use the one it was trained with, or train again");
  EXPECT_THAT(match_sentence("resnet18", "xyz", 6, 256, 0.5), HasSubstr("encoder sha256 'abc': this run has 'xyz'"));
  EXPECT_THAT(match_sentence("resnet18", "abc", 8, 256, 0.5), HasSubstr("feature dimension '6': this run has '8'"));
  EXPECT_THAT(match_sentence("resnet18", "abc", 6, 224, 0.5), HasSubstr("tile_px '256': this run has '224'"));
  EXPECT_THAT(match_sentence("resnet18", "abc", 6, 256, 0.25), HasSubstr("mpp '0.5': this run has '0.25'"));
}

TEST(SlideModel, KeepsItsCardNameAndFingerprint) {
  const auto model = small_model(true);
  EXPECT_EQ(model->name(), "abmil-gated");
  EXPECT_EQ(model->sha256().size(), 64U);
  EXPECT_EQ(model->card().modalities.at(0).features, small_card(true).modalities.at(0).features);
}

}  // namespace
}  // namespace microtome::test
