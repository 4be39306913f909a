// SPDX-License-Identifier: Apache-2.0
// A reader learns that a model of several labels finds each by itself, also where some are not known, that a slide may have all or none, and what it refuses.
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
constexpr float unknown = std::numeric_limits<float>::quiet_NaN();

/// Of three labels the first is a yes for every other patient, the second for every third, the third for every fifth, each shown by a feature of its own in
/// three of the tiles.
std::vector<TrainingSlide> marked_cohort(int count, std::uint64_t seed = 31) {
  Noise noise(seed);
  std::vector<TrainingSlide> slides(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    TrainingSlide& slide = slides[static_cast<std::size_t>(i)];
    slide.patient_id = numbered("p", 1000 + i);
    slide.bag = wave_bag(tiles, dim);
    slide.bag.slide_id = numbered("s", 1000 + i);
    for (auto& value : slide.bag.features) value = static_cast<float>(noise.normal());
    const int every[] = {2, 3, 5};
    for (int c = 0; c < 3; ++c) {
      slide.marks.push_back(i % every[c] == 0 ? 1.0F : 0.0F);
      for (int t = 3 * c; slide.marks.back() == 1 && t < 3 * c + 3; ++t) slide.bag.features[static_cast<std::size_t>(t * dim + c)] += 5;
    }
  }
  return slides;
}

ModelCard label_card() {
  ModelCard card = small_card(false);
  card.task = "multilabel";
  card.classes = {"EGFR", "KRAS", "TP53"};
  return card;
}

TrainSettings label_settings(const std::string& loss = "auto") {
  TrainSettings settings;
  settings.task = "multilabel";
  settings.loss = loss;
  settings.aggregator = "mean";
  settings.folds = 3;
  settings.epochs = 30;
  settings.learning_rate = 0.01;
  settings.embed_dim = 16;
  settings.attention_dim = 8;
  settings.dropout = 0;
  settings.accumulate = 4;
  settings.seed = 3;
  return settings;
}

TrainResult trained(const std::vector<TrainingSlide>& slides, const std::filesystem::path& folder, const TrainSettings& settings) {
  return train_slide_model(slides, label_card(), settings, folder, nullptr);
}

std::string refusal(const std::vector<TrainingSlide>& slides, const TrainSettings& settings) {
  const ScratchFolder folder;
  return sentence_of<ModelError>([&] { trained(slides, folder.path(), settings); });
}

/// How many of the marks that are known were answered right, of each label.
std::vector<double> right_of(const TrainResult& result, const std::vector<TrainingSlide>& truth) {
  std::vector<double> right(3, 0.0);
  for (std::size_t i = 0; i < truth.size(); ++i)
    for (std::size_t c = 0; c < 3; ++c) right[c] += (result.predictions[i].probabilities[c] >= 0.5) == (truth[i].marks[c] == 1) ? 1.0 / static_cast<double>(truth.size()) : 0;
  return right;
}

class EveryLabelLoss : public testing::TestWithParam<const char*> {};

TEST_P(EveryLabelLoss, FindsEachLabelByItself) {
  const ScratchFolder folder;
  const auto slides = marked_cohort(120);
  const TrainResult result = trained(slides, folder.path(), label_settings(GetParam()));
  const auto right = right_of(result, slides);
  for (std::size_t c = 0; c < 3; ++c) EXPECT_GT(right[c], 0.9) << c;
  EXPECT_NEAR(result.pooled_accuracy, (right[0] + right[1] + right[2]) / 3, 1e-12);
}

INSTANTIATE_TEST_SUITE_P(MultiLabelTraining, EveryLabelLoss, testing::Values("bce", "focal"));

TEST(MultiLabelTraining, LearnsFromTheLabelsThatAreKnown) {
  const ScratchFolder folder;
  const auto truth = marked_cohort(120);
  auto slides = truth;
  for (std::size_t i = 0; i < slides.size(); ++i) slides[i].marks[i % 3] = unknown;
  const auto right = right_of(trained(slides, folder.path(), label_settings()), truth);
  for (std::size_t c = 0; c < 3; ++c) EXPECT_GT(right[c], 0.9) << c << ": also of those that were not told";
}

TEST(MultiLabelTraining, ASlideMayHaveAllOrNone) {
  const ScratchFolder folder;
  const auto slides = marked_cohort(120);
  trained(slides, folder.path(), label_settings());
  const auto model = load_slide_model(folder.path());
  EXPECT_TRUE(model->card().multi_label);
  const Prediction all = model->predict(slides[30].bag, {}), none = model->predict(slides[1].bag, {});
  EXPECT_EQ(all.kind(), AnswerKind::labels);
  for (std::size_t c = 0; c < 3; ++c) {
    EXPECT_GT(all.probabilities[c], 0.5) << c;
    EXPECT_LT(none.probabilities[c], 0.5) << c;
    EXPECT_NEAR(all.probabilities[c], 1 / (1 + std::exp(-all.logits[c])), 1e-12);
  }
}

TEST(MultiLabelTraining, ARareLabelIsInEveryFoldAndBalancedWeightsHearIt) {
  const ScratchFolder plain, balanced;
  auto slides = marked_cohort(90);
  for (std::size_t i = 0; i < slides.size(); ++i) {
    const bool yes = i % 15 == 0;  // six patients
    for (int t = 6; slides[i].marks[2] == 1 && !yes && t < 9; ++t) slides[i].bag.features[static_cast<std::size_t>(t * dim + 2)] -= 5;
    slides[i].marks[2] = yes ? 1 : 0;
  }
  auto settings = label_settings();
  settings.epochs = 3;
  const auto result = trained(slides, plain.path(), settings);
  std::multiset<int> folds;
  for (const FoldPrediction& one : result.predictions)
    if (one.marks[2] == 1) folds.insert(one.fold);
  for (const int fold : {0, 1, 2}) EXPECT_EQ(folds.count(fold), 2U);
  settings.class_weights = "balanced";
  const auto heard = trained(slides, balanced.path(), settings);
  double before = 0, after = 0;
  for (std::size_t i = 0; i < slides.size(); ++i) {
    before += result.predictions[i].probabilities[2];
    after += heard.predictions[i].probabilities[2];
  }
  EXPECT_GT(after, before) << "a yes weighs 14 times as much";
}

TEST(MultiLabelTraining, AnEnsembleJoinsTheLogits) {
  const ScratchFolder folder;
  auto settings = label_settings();
  settings.ensemble = true;
  settings.epochs = 3;
  const auto slides = marked_cohort(60);
  trained(slides, folder.path(), settings);
  const Prediction answer = load_slide_model(folder.path())->predict(slides[3].bag, {});
  double logit = 0;
  for (const char* member : {"member-1", "member-2", "member-3"}) logit += load_slide_model(folder.path() / member)->predict(slides[3].bag, {}).logits[1] / 3;
  EXPECT_NEAR(answer.probabilities[1], 1 / (1 + std::exp(-logit)), 1e-9);
  EXPECT_EQ(answer.kind(), AnswerKind::labels);
}

TEST(MultiLabelTraining, OneLabelAloneIsEnough) {
  const ScratchFolder folder;
  auto slides = marked_cohort(60);
  for (auto& slide : slides) slide.marks.resize(1);
  ModelCard card = label_card();
  card.classes = {"EGFR"};
  EXPECT_GT(train_slide_model(slides, card, label_settings(), folder.path(), nullptr).pooled_accuracy, 0.9);
  EXPECT_EQ(load_slide_model(folder.path())->predict(slides[0].bag, {}).probabilities.size(), 1U);
}

TEST(MultiLabelTraining, TheSameSeedGivesTheSameBytesWhateverTheThreads) {
  const ScratchFolder one, two;
  auto settings = label_settings();
  settings.epochs = 3;
  settings.mixup = 0.4;
  settings.sampling = "weighted";
  trained(marked_cohort(36), one.path(), settings);
  settings.threads = 2;
  trained(marked_cohort(36), two.path(), settings);
  EXPECT_EQ(sha256_of_file(one.path() / "weights.safetensors"), sha256_of_file(two.path() / "weights.safetensors"));
}

TEST(MultiLabelTraining, RefusesLabelsThatTeachNothing) {
  auto slides = marked_cohort(30);
  for (std::size_t i = 0; i < slides.size(); ++i) slides[i].marks[1] = i == 6 ? 1 : i == 7 ? unknown : 0;
  EXPECT_EQ(refusal(slides, label_settings()),
            "the training set: two or more patients with and without every label were wanted: 'KRAS' is 1 for 1: add patients or drop the label");
  slides = marked_cohort(30);
  slides[1].patient_id = slides[0].patient_id;
  EXPECT_EQ(refusal(slides, label_settings()),
            "the training set: one label or follow-up for all slides of a patient was wanted: 1 patients have several: correct the labels");
  slides = marked_cohort(30);
  slides[9].marks.pop_back();
  EXPECT_EQ(refusal(slides, label_settings()), "the training set: 3 marks were wanted: slide 's1009' has 2: check the labels");
}

TEST(MultiLabelTraining, RefusesWhatTakesClassesToExcludeEachOther) {
  auto settings = label_settings();
  settings.aggregator = "clam-mb";
  EXPECT_THAT(refusal(marked_cohort(30), settings),
              HasSubstr("aggregator: clam-mb-plain was wanted for multilabel: the instance loss of clam-mb takes each class to exclude the others"));
  settings.aggregator = "top-k";
  EXPECT_THAT(refusal(marked_cohort(30), settings), HasSubstr("aggregator: one that reads all tiles was wanted for multilabel: top-k"));
  EXPECT_THAT(refusal(marked_cohort(30), label_settings("smooth-svm")), HasSubstr("loss: one of auto, bce, focal was wanted: it is 'smooth-svm'"));
}

}  // namespace
}  // namespace microtome::test
