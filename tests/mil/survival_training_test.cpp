// SPDX-License-Identifier: Apache-2.0
// A reader learns that survival training finds planted hazards in tiles and tables, fits bins, scalers and baselines on training patients alone, gives the
// same bytes for the same seed, and what it refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "mil/aggregators/slide_model.h"
#include "mil/evaluation/survival/kaplan_meier.h"
#include "mil/model_error.h"
#include "mil/training/followed_patients.h"
#include "mil/training/train.h"
#include "noise.h"
#include "small_model.h"

namespace microtome::test {
namespace {

using testing::HasSubstr;

constexpr int dim = 8;
constexpr int tiles = 8;

enum class In { tiles, genes };

/// The log hazard is 1.5 times a normal number that shows in the tiles' first feature, or in gene 1 of slides that all look alike. A third is censored.
std::vector<TrainingSlide> cohort(int count, In where, std::uint64_t seed = 5) {
  Noise noise(seed);
  std::vector<TrainingSlide> slides(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    TrainingSlide& slide = slides[static_cast<std::size_t>(i)];
    const double hidden = noise.normal();
    slide.patient_id = numbered("p", 1000 + i);
    slide.bag = wave_bag(tiles, dim);
    slide.bag.slide_id = numbered("s", 1000 + i);
    if (where == In::tiles) {
      for (auto& value : slide.bag.features) value = static_cast<float>(noise.normal());
      for (int t = 0; t < tiles; ++t) slide.bag.features[static_cast<std::size_t>(t * dim)] = static_cast<float>(2 * hidden + 0.3 * noise.normal());
    }
    slide.tables = {{true, {static_cast<float>(noise.normal()), static_cast<float>(where == In::genes ? hidden : noise.normal())}}};
    const double death = -std::log(noise.uniform()) / (0.03 * std::exp(1.5 * hidden)), censored = -std::log(noise.uniform()) * 90;
    slide.event = death <= censored;
    slide.months = std::min(death, censored);
    slide.label = slide.event ? 1 : 0;
  }
  return slides;
}

ModelCard fresh_card(bool genes) {
  ModelCard card = small_card(false);
  card.task = "survival";
  card.classes = {"risk"};
  if (genes) card.modalities = {{"rna", {"NOISE", "SIGNAL"}, {}, {}, "", "linear", 4, {}}};
  return card;
}

TrainSettings small_settings(const std::string& loss = "nll") {
  TrainSettings settings;
  settings.task = "survival";
  settings.loss = loss;
  settings.folds = 3;
  settings.epochs = 6;
  settings.learning_rate = 0.01;
  settings.embed_dim = 16;
  settings.attention_dim = 8;
  settings.table_dim = 4;
  settings.dropout = 0;
  settings.accumulate = 8;
  settings.seed = 3;
  return settings;
}

TrainResult train(const std::vector<TrainingSlide>& slides, bool genes, const std::filesystem::path& folder, const TrainSettings& settings) {
  return train_slide_model(slides, fresh_card(genes), settings, folder, nullptr);
}

std::string train_sentence(const std::vector<TrainingSlide>& slides, const TrainSettings& settings, bool genes = false) {
  const ScratchFolder folder;
  return sentence_of<ModelError>([&] { train(slides, genes, folder.path(), settings); });
}

class EveryLoss : public testing::TestWithParam<const char*> {};

TEST_P(EveryLoss, FindsAHazardThatShowsInTheTiles) {
  const ScratchFolder folder;
  EXPECT_GT(train(cohort(90, In::tiles), false, folder.path(), small_settings(GetParam())).concordance, 0.72);
}

TEST_P(EveryLoss, FindsAHazardThatShowsInAGeneAlone) {
  const ScratchFolder folder;
  auto settings = small_settings(GetParam());
  settings.learning_rate = 0.02;
  EXPECT_GT(train(cohort(90, In::genes), true, folder.path(), settings).concordance, 0.72);
}

INSTANTIATE_TEST_SUITE_P(SurvivalTraining, EveryLoss, testing::Values("nll", "ce-surv", "cox", "cox-efron", "ranking"),
                         [](const auto& info) { return std::string(info.param).find('-') == std::string::npos ? std::string(info.param)
                                                     : std::string(info.param) == "ce-surv"                   ? "ce_surv"
                                                                                                              : "cox_efron"; });

TEST(SurvivalTraining, TheLargestNumbersOfTheTilesTellAHazardToo) {
  const ScratchFolder folder;
  auto settings = small_settings("cox");
  settings.aggregator = "max";
  EXPECT_GT(train(cohort(90, In::tiles), false, folder.path(), settings).concordance, 0.72);
}

TEST(SurvivalTraining, WithoutASignalThereIsNoConcordance) {
  auto slides = cohort(90, In::genes);
  const ScratchFolder folder;
  EXPECT_LT(train(slides, false, folder.path(), small_settings()).concordance, 0.62);
}

TEST(SurvivalTraining, TheSameSeedGivesTheSameBytesWhateverTheThreadsAndTheOrder) {
  auto slides = cohort(40, In::tiles);
  const ScratchFolder one, two;
  auto settings = small_settings("cox");
  settings.epochs = 3;
  train(slides, true, one.path(), settings);
  std::reverse(slides.begin(), slides.end());
  settings.threads = 2;
  train(slides, true, two.path(), settings);
  EXPECT_EQ(read_all(one.path() / "weights.safetensors"), read_all(two.path() / "weights.safetensors"));
  EXPECT_EQ(read_all(one.path() / "model.json"), read_all(two.path() / "model.json"));
}

TEST(SurvivalTraining, GoesOnAfterAnInterruptionToTheSameWeights) {
  const auto slides = cohort(40, In::tiles);
  auto settings = small_settings("nll");
  settings.epochs = 4;
  settings.recipe = std::string(64, 'a');
  const ScratchFolder whole, torn;
  train(slides, false, whole.path(), settings);
  int epochs = 0;
  EXPECT_THROW(train_slide_model(slides, fresh_card(false), settings, torn.path(), [&](const EpochRecord&) { if (++epochs == 6) throw std::runtime_error("stop"); }),
               std::runtime_error);
  train(slides, false, torn.path(), settings);
  EXPECT_EQ(read_all(whole.path() / "weights.safetensors"), read_all(torn.path() / "weights.safetensors"));
  EXPECT_EQ(read_all(whole.path() / "model.json"), read_all(torn.path() / "model.json"));
}

TEST(SurvivalTraining, TheModelTellsRiskGroupAndCurve) {
  const auto slides = cohort(60, In::tiles);
  for (const char* loss : {"nll", "cox"}) {
    const ScratchFolder folder;
    train(slides, false, folder.path(), small_settings(loss));
    const auto model = load_slide_model(folder.path());
    ASSERT_TRUE(model->card().survival);
    const SurvivalCard& card = *model->card().survival;
    EXPECT_EQ(card.form, std::string(loss) == "nll" ? "hazards" : "risk");
    int high = 0;
    std::vector<double> sums(card.months.size(), 0.0);
    for (const auto& slide : slides) {
      const Prediction answer = model->predict(slide.bag, {});
      ASSERT_TRUE(answer.survival);
      EXPECT_TRUE(answer.probabilities.empty());
      EXPECT_EQ(answer.logits.at(0), answer.survival->risk);
      EXPECT_TRUE(std::is_sorted(answer.survival->survival.rbegin(), answer.survival->survival.rend()));
      double sum = answer.offset.at(0);
      for (const float share : answer.contribution) sum += share;
      EXPECT_NEAR(sum, answer.survival->risk, 1e-4);
      high += answer.survival->high() ? 1 : 0;
      for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += answer.survival->survival[k] / static_cast<double>(slides.size());
    }
    EXPECT_EQ(high, 30);  // the cut is the median risk of those who taught it
    // on them the mean curve is near that of Kaplan and Meier
    std::vector<const TrainingSlide*> all;
    for (const auto& slide : slides) all.push_back(&slide);
    const auto steps = kaplan_meier(TimeTable(patient_risks(all, std::vector<double>(all.size(), 0.0)).follow_up).count());
    const std::size_t middle = card.months.size() / 2;
    EXPECT_NEAR(sums[middle], survival_at(steps, card.months[middle]), 0.12) << loss;
  }
}

TEST(SurvivalTraining, AnEnsembleAnswersByTheMeanOfItsMembers) {
  auto settings = small_settings();
  settings.epochs = 3;
  settings.ensemble = true;
  const ScratchFolder folder;
  const auto slides = cohort(45, In::tiles);
  train(slides, false, folder.path(), settings);
  const auto model = load_slide_model(folder.path());
  const auto together = model->predict(slides[0].bag, {});
  double risk = 0, late = 0;
  for (int m = 1; m <= 3; ++m) {
    const auto one = load_slide_model(folder.path() / numbered("member-", m))->predict(slides[0].bag, {});
    risk += one.survival->risk / 3;
    late += survival_at(*one.survival, 20) / 3;
  }
  EXPECT_NEAR(together.survival->risk, risk, 1e-12);
  EXPECT_NEAR(survival_at(*together.survival, 20), late, 0.02);  // told at the members' months, straight between
}

TEST(SurvivalTraining, RisksWithoutAnInputAreThoseOfASlideThatLacksIt) {
  const auto slides = cohort(40, In::genes);
  auto settings = small_settings("nll");
  settings.ladder = false;
  for (const bool ensemble : {false, true}) {
    settings.ensemble = ensemble;
    const ScratchFolder folder;
    train(slides, true, folder.path(), settings);
    const auto model = load_slide_model(folder.path());
    const Bag& bag = slides.front().bag;
    const auto risk = [&](const Bag& of, const std::vector<TableRow>& tables) { return model->predict(of, tables).survival->risk; };
    const std::vector<double> without = model->ablated_risks(bag, slides.front().tables);
    ASSERT_EQ(without.size(), 2u);
    EXPECT_NEAR(without[1], risk(bag, {}), 1e-6) << "the table";
    EXPECT_NE(without[0], risk(bag, slides.front().tables)) << "the tiles";
    EXPECT_NEAR(without[0], model->ablated_risks(slides.back().bag, slides.front().tables)[0], 1e-12) << "whatever the tiles were";
  }
  const ScratchFolder folder;
  train(cohort(40, In::tiles), false, folder.path(), settings);
  EXPECT_TRUE(load_slide_model(folder.path())->ablated_risks(slides.front().bag, {}).empty()) << "tiles alone";
}

TEST(SurvivalTraining, BinsAreQuantilesOfEventTimesOfPatients) {
  std::vector<TrainingSlide> slides(9);
  for (int i = 0; i < 9; ++i) {
    slides[static_cast<std::size_t>(i)].patient_id = numbered("p", i);
    slides[static_cast<std::size_t>(i)].months = i + 1;
    slides[static_cast<std::size_t>(i)].event = i < 5;  // 1 to 5; censored up to 9
  }
  slides.push_back(slides[4]);  // a second slide of a patient counts once
  std::vector<const TrainingSlide*> all;
  for (const auto& slide : slides) all.push_back(&slide);
  const auto ends = time_bins(all, 4);
  ASSERT_EQ(ends.size(), 4U);
  EXPECT_DOUBLE_EQ(ends[0], 2);
  EXPECT_DOUBLE_EQ(ends[1], 3);
  EXPECT_DOUBLE_EQ(ends[2], 4);
  EXPECT_NEAR(ends[3], 9, 1e-5);
  EXPECT_EQ(bin_of(ends, 1.9), 0);
  EXPECT_EQ(bin_of(ends, 2), 1);  // [left, right)
  EXPECT_EQ(bin_of(ends, 9), 3);
  EXPECT_EQ(bin_of(ends, 99), 3);
}

TEST(SurvivalTraining, ThePatientsOfAFoldHaveNoSayInItsBins) {
  // those of fold 0 live ten times as long: were they asked, all bins of fold 0 would move
  auto slides = cohort(60, In::tiles);
  for (std::size_t i = 0; i < slides.size(); ++i) slides[i].fold = static_cast<int>(i % 3);
  auto settings = small_settings();
  settings.epochs = 2;
  const ScratchFolder one, two;
  const auto before = train(slides, false, one.path(), settings);
  for (auto& slide : slides)
    if (slide.fold == 0) slide.months *= 10;
  const auto after = train(slides, false, two.path(), settings);
  for (std::size_t i = 0; i < before.predictions.size(); ++i) {
    if (before.predictions[i].fold == 0) {
      EXPECT_EQ(before.predictions[i].risk, after.predictions[i].risk);
    }
  }
}

TEST(SurvivalTraining, RefusesWhatCannotTeachIt) {
  auto slides = cohort(30, In::tiles);
  for (auto& slide : slides) slide.event = false, slide.label = 0;
  EXPECT_EQ(train_sentence(slides, small_settings()),
            "the training set: two or more patients with the event were wanted: there are 0: follow longer, or train on another end");
  slides = cohort(30, In::tiles);
  slides[7].months = 0;
  EXPECT_EQ(train_sentence(slides, small_settings()),
            "the training set: months of follow-up above 0 were wanted: slide 's1007' has 0: correct the labels");
  slides = cohort(30, In::tiles);
  for (auto& slide : slides)
    if (slide.event) slide.months = 12;
  EXPECT_THAT(train_sentence(slides, small_settings()), HasSubstr("4 time bins with different ends were wanted"));
  slides = cohort(30, In::tiles);
  slides[1].patient_id = slides[0].patient_id;
  EXPECT_THAT(train_sentence(slides, small_settings()), HasSubstr("one label or follow-up for all slides of a patient was wanted: 1 patients have several"));
}

TEST(SurvivalTraining, RefusesSettingsThatItCannotCarryOut) {
  const auto slides = cohort(30, In::tiles);
  auto settings = small_settings("cox");
  settings.accumulate = 1;
  EXPECT_THAT(train_sentence(slides, settings), HasSubstr("accumulate: 2 or more (better 32) was wanted for the loss cox, which compares the patients of a step: it is 1"));
  settings = small_settings("cross-entropy");
  EXPECT_THAT(train_sentence(slides, settings), HasSubstr("loss: one of auto, nll, ce-surv, cox, cox-efron, ranking was wanted: it is 'cross-entropy'"));
  settings = small_settings();
  settings.mixup = 0.2;
  EXPECT_THAT(train_sentence(slides, settings), HasSubstr("mixup: 0 was wanted for survival"));
  settings = small_settings();
  settings.aggregator = "top-k";
  EXPECT_THAT(train_sentence(slides, settings), HasSubstr("aggregator: one that reads all tiles was wanted for survival: top-k chooses tiles by their most probable class"));
  settings = small_settings();
  settings.class_weights = "balanced";
  EXPECT_THAT(train_sentence(slides, settings), HasSubstr("class_weights: none was wanted for survival"));
  settings = small_settings();
  settings.time_bins = 1;
  EXPECT_THAT(train_sentence(slides, settings), HasSubstr("time_bins: from 2 to 100 were wanted: it is 1"));
  settings = small_settings();
  settings.table_encoder = "pathways";
  EXPECT_THAT(train_sentence(slides, settings, true), HasSubstr("the table rna: groups of features were wanted by the encoder pathways: it has none"));
  settings = small_settings();
  settings.survival_alpha = 2;
  EXPECT_THAT(train_sentence(slides, settings), HasSubstr("survival_alpha: from 0 to 1 was wanted: it is 2"));
}

TEST(SurvivalTraining, EveryAggregatorThatReadsAllTilesTrains) {
  const auto slides = cohort(24, In::tiles);
  for (const char* name : {"mean", "abmil", "abmil-gated", "clam-sb", "clam-mb", "dsmil", "transmil", "transformer", "patch-gcn"}) {
    auto settings = small_settings();
    settings.aggregator = name;
    settings.epochs = 1;
    settings.folds = 2;
    const ScratchFolder folder;
    train(slides, false, folder.path(), settings);
    const auto answer = load_slide_model(folder.path())->predict(slides[0].bag, {});
    EXPECT_TRUE(answer.survival && std::isfinite(answer.survival->risk)) << name;
    EXPECT_EQ(answer.attention.size(), static_cast<std::size_t>(tiles)) << name;
  }
}

}  // namespace
}  // namespace microtome::test
