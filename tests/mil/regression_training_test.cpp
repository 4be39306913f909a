// SPDX-License-Identifier: Apache-2.0
// A reader learns that regression finds a planted number in tiles, answers in the units of the labels whatever they are, fits its scale on training patients
// alone, and what it refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "mil/aggregators/slide_model.h"
#include "mil/model_error.h"
#include "mil/sha256.h"
#include "mil/training/train.h"
#include "noise.h"
#include "small_model.h"

namespace microtome::test {
namespace {

using testing::HasSubstr;

constexpr int dim = 8;
constexpr int tiles = 12;

/// The number is mean + spread x a normal number that shows in the tiles' first feature; two slides a patient.
std::vector<TrainingSlide> valued_cohort(int count, double mean = 40, double spread = 12, std::uint64_t seed = 21) {
  Noise noise(seed);
  std::vector<TrainingSlide> slides(static_cast<std::size_t>(count));
  double hidden = 0;
  for (int i = 0; i < count; ++i) {
    TrainingSlide& slide = slides[static_cast<std::size_t>(i)];
    if (i % 2 == 0) hidden = noise.normal();
    slide.patient_id = numbered("p", 1000 + i / 2);
    slide.bag = wave_bag(tiles, dim);
    slide.bag.slide_id = numbered("s", 1000 + i);
    for (auto& value : slide.bag.features) value = static_cast<float>(noise.normal());
    for (int t = 0; t < tiles; ++t) slide.bag.features[static_cast<std::size_t>(t * dim)] += static_cast<float>(2 * hidden);
    slide.tables = {{true, {static_cast<float>(noise.normal()), static_cast<float>(hidden)}}};
    slide.value = mean + spread * hidden;
  }
  return slides;
}

ModelCard number_card(bool genes = false) {
  ModelCard card = small_card(false);
  card.task = "regression";
  card.classes = {"tmb"};
  if (genes) card.modalities = {{"rna", {"NOISE", "SIGNAL"}, {}, {}, "", "linear", 4, {}}};
  return card;
}

TrainSettings number_settings(const std::string& loss = "auto") {
  TrainSettings settings;
  settings.task = "regression";
  settings.loss = loss;
  settings.folds = 3;
  settings.epochs = 15;
  settings.learning_rate = 0.01;
  settings.embed_dim = 16;
  settings.attention_dim = 8;
  settings.table_dim = 4;
  settings.dropout = 0;
  settings.accumulate = 4;
  settings.seed = 3;
  return settings;
}

TrainResult trained(const std::vector<TrainingSlide>& slides, const std::filesystem::path& folder, const TrainSettings& settings, bool genes = false) {
  return train_slide_model(slides, number_card(genes), settings, folder, nullptr);
}

std::string refusal(const std::vector<TrainingSlide>& slides, const TrainSettings& settings) {
  const ScratchFolder folder;
  return sentence_of<ModelError>([&] { trained(slides, folder.path(), settings); });
}

class EveryValueLoss : public testing::TestWithParam<const char*> {};

TEST_P(EveryValueLoss, FindsANumberThatShowsInTheTiles) {
  const ScratchFolder folder;
  const TrainResult result = trained(valued_cohort(90), folder.path(), number_settings(GetParam()));
  EXPECT_GT(result.pooled_r2, 0.8);
  double left = 0, all = 0, mean = 0;
  for (const FoldPrediction& one : result.predictions) mean += one.known_value / 90;
  for (const FoldPrediction& one : result.predictions) {
    left += std::pow(one.known_value - one.value, 2);
    all += std::pow(one.known_value - mean, 2);
    EXPECT_TRUE(one.probabilities.empty());
  }
  EXPECT_NEAR(result.pooled_r2, 1 - left / all, 1e-12);
}

INSTANTIATE_TEST_SUITE_P(RegressionTraining, EveryValueLoss, testing::Values("mse", "huber"));

TEST(RegressionTraining, OtherAggregatorsLearnItToo) {
  for (const char* aggregator : {"mean", "max", "clam-sb", "clam-mb-plain", "dsmil", "transformer"}) {
    const ScratchFolder folder;
    auto settings = number_settings();
    settings.aggregator = aggregator;
    settings.stopping = "fixed";
    settings.epochs = 12;
    EXPECT_GT(trained(valued_cohort(72), folder.path(), settings).pooled_r2, 0.5) << aggregator;
  }
  for (const char* aggregator : {"patch-gcn", "transmil"}) {
    const ScratchFolder folder;
    auto settings = number_settings();
    settings.aggregator = aggregator;
    settings.stopping = "fixed";
    settings.folds = 2;
    settings.epochs = 3;
    settings.learning_rate = 1e-3;
    const auto history = trained(valued_cohort(40), folder.path(), settings).history;
    EXPECT_LT(history[2].train_loss, history[0].train_loss) << aggregator << ": they take long, a start is enough";
  }
}

TEST(RegressionTraining, AnotherUnitGivesTheSameAnswerInThatUnit) {
  const ScratchFolder one, other;
  const auto grams = trained(valued_cohort(60, 40, 12), one.path(), number_settings());
  const auto milligrams = trained(valued_cohort(60, 40000, 12000), other.path(), number_settings());
  for (std::size_t i = 0; i < grams.predictions.size(); ++i)
    EXPECT_NEAR(milligrams.predictions[i].value, 1000 * grams.predictions[i].value, 1e-2) << "the network sees standard scores";
}

TEST(RegressionTraining, SharesOfTilesAddUpToTheNumber) {
  const ScratchFolder folder;
  const auto slides = valued_cohort(60);
  trained(slides, folder.path(), number_settings());
  const auto model = load_slide_model(folder.path());
  ASSERT_TRUE(model->card().value);
  double mean = 0;
  for (const auto& slide : slides) mean += slide.value / 60;
  EXPECT_NEAR(model->card().value->mean, mean, 1e-9);
  const Prediction answer = model->predict(slides[7].bag, {});
  EXPECT_EQ(answer.kind(), AnswerKind::value);
  EXPECT_EQ(answer.classes, std::vector<std::string>{"tmb"});
  ASSERT_TRUE(answer.value);
  EXPECT_EQ(*answer.value, answer.logits.at(0));
  EXPECT_TRUE(answer.probabilities.empty());
  EXPECT_NEAR(std::accumulate(answer.contribution.begin(), answer.contribution.end(), answer.offset.at(0)), *answer.value, 1e-3);
}

TEST(RegressionTraining, AnEnsembleAnswersTheMeanOfItsMembers) {
  const ScratchFolder folder;
  auto settings = number_settings();
  settings.ensemble = true;
  const auto slides = valued_cohort(60);
  trained(slides, folder.path(), settings);
  double mean = 0;
  for (const char* member : {"member-1", "member-2", "member-3"}) mean += *load_slide_model(folder.path() / member)->predict(slides[3].bag, {}).value / 3;
  const Prediction answer = load_slide_model(folder.path())->predict(slides[3].bag, {});
  EXPECT_NEAR(*answer.value, mean, 1e-9);
  EXPECT_EQ(answer.kind(), AnswerKind::value);
}

TEST(RegressionTraining, ExplainsInTheUnitsOfTheNumber) {
  const ScratchFolder folder;
  auto settings = number_settings();
  settings.modality_dropout = 0.2;
  const auto slides = valued_cohort(60);
  trained(slides, folder.path(), settings, true);
  const auto model = load_slide_model(folder.path());
  const TableExplanation why = model->explain(slides[5].bag, slides[5].tables, 0);
  const double all = *model->predict(slides[5].bag, slides[5].tables).value;
  double together = 0;
  for (const auto& share : why.shares) together += share.value_or(0);
  EXPECT_GT(std::abs(together), 1) << "of numbers about 40 with a spread of 12";
  EXPECT_LT(std::abs(together), std::abs(all) + 40);
}

TEST(RegressionTraining, FoldsShareSmallAndLargeNumbersEvenly) {
  const ScratchFolder folder;
  auto settings = number_settings();
  settings.epochs = 1;
  const auto result = trained(valued_cohort(90), folder.path(), settings);
  std::vector<double> sum(3, 0.0), count(3, 0.0);
  for (const FoldPrediction& one : result.predictions) {
    sum[static_cast<std::size_t>(one.fold)] += one.known_value;
    count[static_cast<std::size_t>(one.fold)] += 1;
  }
  for (int fold = 0; fold < 3; ++fold) EXPECT_NEAR(sum[static_cast<std::size_t>(fold)] / count[static_cast<std::size_t>(fold)], (sum[0] + sum[1] + sum[2]) / 90, 6);
}

TEST(RegressionTraining, TheSameSeedGivesTheSameBytesWhateverTheThreads) {
  const ScratchFolder one, two;
  auto settings = number_settings();
  settings.epochs = 3;
  settings.mixup = 0.4;
  trained(valued_cohort(36), one.path(), settings);
  settings.threads = 2;
  trained(valued_cohort(36), two.path(), settings);
  EXPECT_EQ(sha256_of_file(one.path() / "weights.safetensors"), sha256_of_file(two.path() / "weights.safetensors"));
  EXPECT_EQ(read_all(one.path() / "model.json"), read_all(two.path() / "model.json"));
}

TEST(RegressionTraining, RefusesNumbersFromWhichNothingCanBeLearned) {
  auto slides = valued_cohort(30);
  slides[4].value = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(refusal(slides, number_settings()), "the training set: finite numbers were wanted under tmb: slide 's1004' has nan: correct the labels");
  for (auto& slide : slides) slide.value = 7.5;
  EXPECT_EQ(refusal(slides, number_settings()), "the training set: different numbers were wanted under tmb: all are 7.5: there is nothing to learn");
  EXPECT_EQ(refusal(valued_cohort(6), number_settings()),
            "the training set: patients to stop on were wanted: there are too few outside a fold: add patients, lower folds, or use stopping 'fixed'");
}

TEST(RegressionTraining, RefusesSettingsOfOtherTasks) {
  auto settings = number_settings("cross-entropy");
  EXPECT_THAT(refusal(valued_cohort(30), settings), HasSubstr("loss: one of auto, mse, huber was wanted: it is 'cross-entropy'"));
  settings = number_settings();
  settings.aggregator = "top-k";
  EXPECT_THAT(refusal(valued_cohort(30), settings),
              HasSubstr("aggregator: one that reads all tiles was wanted for regression: top-k chooses tiles by their most probable class"));
  settings = number_settings();
  settings.class_weights = "balanced";
  EXPECT_THAT(refusal(valued_cohort(30), settings), HasSubstr("class_weights: none was wanted for regression: there are no classes; use sampling weighted"));
}

}  // namespace
}  // namespace microtome::test
