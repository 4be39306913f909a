// SPDX-License-Identifier: Apache-2.0
// A reader learns that tiles and tables of the same patients are aligned before labels are looked at, that pairs which do not belong together cannot be, that
// labels learn faster afterwards, that an interruption changes no byte, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "mil/model_error.h"
#include "mil/training/train.h"
#include "small_model.h"

namespace microtome::test {
namespace {

constexpr int dim = 8, tiles = 6;

/// From -1 to 1, each of its own: the fractional part of a large sine.
double shade(int i, int number) {
  const double large = 4375.85 * std::sin(12.9898 * (i + 1) + 78.233 * number);
  return 2 * (large - std::floor(large)) - 1;
}

/// Four numbers of a patient show in all of its tiles; the same four are its genes, or, where `torn`, those of another patient.
std::vector<TrainingSlide> cohort(int count, bool torn = false) {
  std::vector<TrainingSlide> slides(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    TrainingSlide& slide = slides[static_cast<std::size_t>(i)];
    slide.patient_id = numbered("p", 1000 + i);
    slide.bag = wave_bag(tiles, dim);
    slide.bag.slide_id = numbered("s", 1000 + i);
    TableRow row{true, {}};
    for (int k = 0; k < 4; ++k) {
      for (int t = 0; t < tiles; ++t) slide.bag.features[static_cast<std::size_t>(t * dim + k)] = static_cast<float>(shade(i, k + 1) + 0.05 * shade(t + i, 7));
      row.values.push_back(static_cast<float>(shade(torn ? (i + count / 2) % count : i, k + 1)));
    }
    slide.tables = {row};
    slide.label = shade(i, 1) > 0 ? 1 : 0;
  }
  return slides;
}

ModelCard fresh_card() {
  ModelCard card = small_card(false);
  card.classes = {"low", "high"};
  card.modalities = {{"rna", {"A", "B", "C", "D"}, {}, {}, "", "linear", 4, {}}};
  return card;
}

TrainSettings small_settings() {
  TrainSettings settings;
  settings.folds = 2;
  settings.epochs = 3;
  settings.learning_rate = 0.01;
  settings.pretrain_epochs = 40;
  settings.pretrain_learning_rate = 0.01;
  settings.embed_dim = 16;
  settings.attention_dim = 8;
  settings.table_dim = 8;
  settings.dropout = 0;
  settings.seed = 3;
  return settings;
}

using Tell = std::function<void(const EpochRecord&)>;

TrainResult train(const std::vector<TrainingSlide>& slides, const TrainSettings& settings, const std::filesystem::path& folder, const Tell& tell = nullptr) {
  return train_slide_model(slides, fresh_card(), settings, folder, tell);
}

std::vector<double> losses_of_fold(const TrainResult& result, int fold, bool pretraining) {
  std::vector<double> losses;
  for (const EpochRecord& one : result.history)
    if (one.fold == fold && one.pretraining == pretraining) losses.push_back(one.train_loss);
  return losses;
}

std::string train_sentence(const std::vector<TrainingSlide>& slides, const TrainSettings& settings) {
  const ScratchFolder folder;
  return sentence_of<ModelError>([&] { train(slides, settings, folder.path()); });
}

TEST(Pretraining, AlignsTilesAndTablesOfTheSamePatients) {
  const ScratchFolder folder;
  const TrainResult result = train(cohort(48), small_settings(), folder.path());
  const auto losses = losses_of_fold(result, 0, true);
  ASSERT_EQ(losses.size(), 40u);
  EXPECT_GT(losses.front(), 2.0) << "chance among 24 is log 24 = 3.2, and a low temperature makes it worse";
  EXPECT_LT(losses.back(), 0.5) << "nearly every patient is told from the others";
  EXPECT_EQ(losses_of_fold(result, -1, true).size(), 40u) << "the final model too";
}

TEST(Pretraining, FindsLessInPairsThatDoNotBelongTogether) {
  const ScratchFolder whole, torn;
  TrainSettings settings = small_settings();
  settings.epochs = 1;
  const double together = losses_of_fold(train(cohort(120), settings, whole.path()), 0, true).back();
  const double apart = losses_of_fold(train(cohort(120, true), settings, torn.path()), 0, true).back();
  EXPECT_GT(apart, together + 1);
}

TEST(Pretraining, ChangesWhatTheFirstEpochOfLabelsStartsFrom) {
  const ScratchFolder with, without;
  TrainSettings settings = small_settings();
  const auto after = losses_of_fold(train(cohort(48), settings, with.path()), 0, false);
  settings.pretrain_epochs = 0;
  const auto alone = losses_of_fold(train(cohort(48), settings, without.path()), 0, false);
  EXPECT_LT(after.front(), alone.front()) << "numbers that tell patients apart are there already";
}

TEST(Pretraining, SeesNoLabel) {
  const ScratchFolder one, other;
  auto slides = cohort(48);
  TrainSettings settings = small_settings();
  settings.epochs = 1;
  settings.stopping = "fixed";  // patients to stop on are chosen by label
  for (std::size_t i = 0; i < slides.size(); ++i) slides[i].fold = static_cast<int>(i % 2);  // folds are cut by label
  const auto losses = losses_of_fold(train(slides, settings, one.path()), 0, true);
  for (std::size_t i = 0; i < slides.size(); ++i) slides[i].label = static_cast<int>(i / 2 % 2);
  EXPECT_EQ(losses_of_fold(train(slides, settings, other.path()), 0, true), losses);
}

TEST(Pretraining, GoesOnAfterAnInterruptionToTheSameBytes) {
  const ScratchFolder whole, torn;
  TrainSettings settings = small_settings();
  settings.pretrain_epochs = 5;
  settings.recipe = "0123456789abcdef";
  const auto slides = cohort(24);
  const TrainResult expected = train(slides, settings, whole.path());
  struct Killed {};
  TrainResult result;
  int starts = 0;
  for (bool done = false; !done; ++starts) {
    int left = 6;  // epochs until the next blow: after all of a pretraining, and one more
    try {
      result = train(slides, settings, torn.path(), [&](const EpochRecord&) {
        if (left-- == 0) throw Killed();
      });
      done = true;
    } catch (const Killed&) {
    }
  }
  EXPECT_GT(starts, 2);
  EXPECT_EQ(read_all(torn.path() / "model.json"), read_all(whole.path() / "model.json")) << "it carries the fingerprint of the weights";
  ASSERT_EQ(result.history.size(), expected.history.size());
  for (std::size_t i = 0; i < expected.history.size(); ++i) {
    EXPECT_EQ(result.history[i].train_loss, expected.history[i].train_loss) << i;
    EXPECT_EQ(result.history[i].pretraining, expected.history[i].pretraining) << i;
  }
}

TEST(Pretraining, LeavesOutPatientsWithoutATableAndWantsTwoWith) {
  auto slides = cohort(24);
  for (std::size_t i = 0; i < slides.size(); ++i) slides[i].tables.front().present = i < 2;
  slides[0].fold = slides[1].fold = 0;
  for (std::size_t i = 2; i < slides.size(); ++i) slides[i].fold = static_cast<int>(i / 2 % 2);
  EXPECT_EQ(train_sentence(slides, small_settings()),
            "the training set: two or more patients with a table were wanted for pretraining in every fold: there are 0: check the ids, or set "
            "pretrain_epochs to 0");
}

TEST(Pretraining, RefusesNetworksThatJoinAtOnceAndTrainingWithoutATable) {
  TrainSettings settings = small_settings();
  settings.aggregator = "mcat";
  EXPECT_EQ(train_sentence(cohort(12), settings),
            "the training settings: pretrain_epochs: one of abmil, abmil-gated, porpoise was wanted as the aggregator, which keep tiles and tables apart "
            "until they are joined: it is mcat");
  settings = small_settings();
  settings.pretrain_learning_rate = 0;
  EXPECT_EQ(train_sentence(cohort(12), settings), "the training settings: pretrain_learning_rate: above 0, at most 1 was wanted: it is 0");
  auto slides = cohort(12);
  for (auto& slide : slides) slide.tables.clear();
  ModelCard card = fresh_card();
  card.modalities.clear();
  const ScratchFolder folder;
  EXPECT_EQ(sentence_of<ModelError>([&] { train_slide_model(slides, card, small_settings(), folder.path(), nullptr); }),
            "the training settings: pretrain_epochs: a table to align the tiles with was wanted: there is none: give one, or leave the setting out");
}

TEST(Pretraining, SaysWhichRateToLowerWhenItRunsAway) {
  TrainSettings settings = small_settings();
  settings.pretrain_learning_rate = 1;
  auto slides = cohort(24);
  slides.front().bag.features.front() = std::numeric_limits<float>::infinity();
  EXPECT_EQ(train_sentence(slides, settings),
            "the training: finite loss and weights were wanted: they are not: lower pretrain_learning_rate (now 1) or look for NaN in the features");
}

}  // namespace
}  // namespace microtome::test
