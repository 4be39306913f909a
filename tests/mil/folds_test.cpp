// SPDX-License-Identifier: Apache-2.0
// A reader learns how patients are cut into folds, how scalers count them, and which training sets are refused.
#include "mil/training/folds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <set>

#include "mil/model_error.h"
#include "mil/training/sampling.h"
#include "mil/training/scaler.h"
#include "small_model.h"

namespace microtome::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TrainingSlide slide_of(const std::string& slide, const std::string& patient, int label) {
  TrainingSlide one;
  one.bag = wave_bag(2, 3);
  one.bag.slide_id = slide;
  one.patient_id = patient;
  one.label = label;
  return one;
}

/// `patients` patients of two slides; every third is of class 1.
std::vector<TrainingSlide> cohort(int patients) {
  std::vector<TrainingSlide> slides;
  for (int p = 0; p < patients; ++p)
    for (const char* suffix : {"a", "b"}) slides.push_back(slide_of(numbered("", p).append(suffix), numbered("p", p), p % 3 == 0 ? 1 : 0));
  return slides;
}

ModelCard two_classes() {
  ModelCard card;
  card.classes = {"benign", "tumour"};
  return card;
}

std::string trainable_sentence(const std::vector<TrainingSlide>& slides, const ModelCard& card = two_classes()) {
  return sentence_of<ModelError>([&] { require_trainable(slides, card); });
}

std::string folds_sentence(const std::vector<TrainingSlide>& slides) {
  return sentence_of<ModelError>([&] { folds_for(slides, two_classes(), {}); });
}

TEST(Folds, KeepAPatientWhole) {
  const auto slides = cohort(31);
  const auto folds = assign_folds(slides, 5, 1);
  for (std::size_t i = 0; i < slides.size(); i += 2) EXPECT_EQ(folds[i], folds[i + 1]);
}

TEST(Folds, AreEvenInSizeAndInEveryClass) {
  const auto slides = cohort(32);
  const auto folds = assign_folds(slides, 5, 1);
  std::map<int, std::map<int, int>> count;  // class (-1: all), fold
  for (std::size_t i = 0; i < slides.size(); i += 2) ++count[slides[i].label][folds[i]], ++count[-1][folds[i]];
  for (const auto& [label, by_fold] : count) {
    ASSERT_EQ(by_fold.size(), 5U);
    const auto less = [](const auto& a, const auto& b) { return a.second < b.second; };
    const auto [low, high] = std::minmax_element(by_fold.begin(), by_fold.end(), less);
    EXPECT_LE(high->second - low->second, 1) << "class " << label;
  }
}

TEST(Folds, DependOnTheSeedButNotOnTheOrderOfSlides) {
  auto slides = cohort(20);
  std::map<std::string, int> first;
  const auto folds = assign_folds(slides, 4, 7);
  for (std::size_t i = 0; i < slides.size(); ++i) first[slides[i].bag.slide_id] = folds[i];
  EXPECT_NE(assign_folds(slides, 4, 8), folds);
  std::mt19937_64 engine(3);
  shuffle_in_place(slides, engine);
  const auto again = assign_folds(slides, 4, 7);
  for (std::size_t i = 0; i < slides.size(); ++i) EXPECT_EQ(again[i], first[slides[i].bag.slide_id]);
}

TEST(Folds, AreTheGivenOnesWhenEverySlideHasOne) {
  auto slides = cohort(6);
  for (std::size_t i = 0; i < slides.size(); ++i) slides[i].fold = static_cast<int>(i / 2 < 3 ? 4 : 9);
  EXPECT_THAT(folds_for(slides, two_classes(), {}), ElementsAre(4, 4, 4, 4, 4, 4, 9, 9, 9, 9, 9, 9));
}

TEST(Folds, GivenForSomeSlidesOnlyAreRefused) {
  auto slides = cohort(6);
  slides[0].fold = 1;
  EXPECT_EQ(folds_sentence(slides),
            "the training set: a fold for every slide or for none was wanted: 11 of 12 slides have none: complete the splits");
}

TEST(Folds, GivenThatTearPatientsApartAreRefusedWithACountAndNoNames) {
  auto slides = cohort(6);
  for (std::size_t i = 0; i < slides.size(); ++i) slides[i].fold = static_cast<int>(i % 2);
  EXPECT_EQ(folds_sentence(slides),
            "the training set: all slides of a patient in one fold were wanted: 6 patients are in several: correct the splits");
}

TEST(Folds, GivenWithAClassInOneFoldOnlyAreRefused) {
  auto slides = cohort(6);
  for (auto& slide : slides) slide.fold = slide.label;
  EXPECT_EQ(folds_sentence(slides),
            "the training set: every class in two or more folds was wanted: all of class 'benign' is in fold 0: correct the splits");
}

TEST(Folds, MoreThanPatientsAreRefused) {
  EXPECT_EQ(sentence_of<ModelError>([] { assign_folds(cohort(4), 5, 0); }),
            "the training set: 5 patients were wanted for 5 folds: there are 4: lower folds or add patients");
}

TEST(Folds, FewerThanTwoAreRefused) {
  EXPECT_EQ(sentence_of<ModelError>([] { assign_folds(cohort(4), 1, 0); }),
            "the training set: two or more folds were wanted: 1 were asked for: raise folds");
}

TEST(TrainingSet, WithTwoLabelsForAPatientIsRefusedWithACountAndNoNames) {
  auto slides = cohort(6);
  slides[0].label = 0;
  slides[4].label = 1;
  EXPECT_EQ(trainable_sentence(slides),
            "the training set: one label or follow-up for all slides of a patient was wanted: 2 patients have several: correct the labels");
}

TEST(TrainingSet, WithoutAPatientIdIsRefused) {
  auto slides = cohort(6);
  slides[1].patient_id.clear();
  EXPECT_EQ(trainable_sentence(slides),
            "the training set: a patient id for every slide was wanted: slide '0b' has none: give the slide id where patients are unknown");
}

TEST(TrainingSet, ThatIsEmptyIsRefused) {
  EXPECT_EQ(trainable_sentence({}), "the training set: slides were wanted: there are none: check that bags and labels share ids");
}

TEST(TrainingSet, WithASlideTwiceIsRefused) {
  auto slides = cohort(6);
  slides.push_back(slides[3]);
  EXPECT_EQ(trainable_sentence(slides), "the training set: each slide once was wanted: '1b' is there twice: leave one out");
}

TEST(TrainingSet, WithAnEmptyBagIsRefused) {
  auto slides = cohort(6);
  slides[2].bag.coords.clear();
  slides[2].bag.features.clear();
  EXPECT_EQ(trainable_sentence(slides), "the training set: tiles in every bag were wanted: slide '1a' has none: leave it out");
}

TEST(TrainingSet, WithBagsOfTwoDimensionsIsRefused) {
  auto slides = cohort(6);
  slides[2].bag = wave_bag(2, 4);
  slides[2].bag.slide_id = "odd";
  EXPECT_EQ(trainable_sentence(slides),
            "the training set: bags of one encoder were wanted: slide 'odd' has 4 features a tile, others have 3: "
            "extract all with one encoder");
}

TEST(TrainingSet, WithABagThatLacksNumbersIsRefused) {
  auto slides = cohort(6);
  slides[2].bag.features.pop_back();
  EXPECT_EQ(trainable_sentence(slides), "the training set: 2 x 3 features were wanted: slide '1a' has 5: extract it again");
}

TEST(TrainingSet, WithOneClassIsRefused) {
  auto card = two_classes();
  card.classes.pop_back();
  EXPECT_EQ(trainable_sentence(cohort(6), card),
            "the training set: two or more classes were wanted: there are 1: add labelled slides of another class");
}

TEST(TrainingSet, WithAClassOfOnePatientIsRefused) {
  EXPECT_EQ(trainable_sentence(cohort(3)),
            "the training set: two or more patients of every class were wanted: class 'tumour' has 1: add patients or drop the class");
}

TEST(TrainingSet, WithALabelOutsideTheClassesIsRefused) {
  auto slides = cohort(6);
  slides[0].label = slides[1].label = 2;
  EXPECT_EQ(trainable_sentence(slides), "the training set: labels from 0 to 1 were wanted: slide '0a' has 2: check the labels");
}

TEST(TrainingSet, WithAGeneVectorOfTheWrongLengthIsRefused) {
  auto card = two_classes();
  card.modalities = {{"rna", {"A", "B"}, {}, {}, "", "linear", 32, {}}};
  auto slides = cohort(6);
  slides[5].tables = {{true, {1.0F}}};
  EXPECT_EQ(trainable_sentence(slides, card),
            "the training set: 2 features of rna were wanted: slide '2b' has 1: give those that the card lists");
}

TEST(TrainingSet, WithGenesButNoRowIsRefused) {
  auto card = two_classes();
  card.modalities = {{"rna", {"A", "B"}, {}, {}, "", "linear", 32, {}}};
  EXPECT_EQ(trainable_sentence(cohort(6), card),
            "the training set: a row of rna for at least one slide was wanted: there is none: "
            "check the ids, or train without the table");
}

TEST(TrainingSet, ThatIsInOrderIsAccepted) { EXPECT_EQ(trainable_sentence(cohort(6)), ""); }

TEST(TrainSettings, ByDefaultAreValid) { EXPECT_THAT(validate({}), IsEmpty()); }

TEST(TrainSettings, EachImpossibleValueHasItsSentence) {
  TrainSettings s;
  s.aggregator = "clam";
  s.loss = s.optimiser = s.schedule = s.sampling = s.stopping = s.class_weights = "x";
  s.folds = 1;
  s.epochs = s.patience = s.accumulate = 0;
  s.learning_rate = 0;
  s.weight_decay = s.l1 = s.focal_gamma = s.mixup = -1;
  s.dropout = s.bag_dropout = 1;
  s.modality_dropout = 1.5;
  s.bag_size = s.attention_dim = -1;
  s.embed_dim = s.table_dim = s.top_k = 0;
  EXPECT_THAT(validate(s),
              ElementsAre("aggregator: one of mean, max, top-k, abmil, abmil-gated, clam-sb, clam-mb, clam-sb-plain, clam-mb-plain, dsmil, transmil, "
                          "transformer, patch-gcn, porpoise, mcat, survpath, tables was wanted: it is 'clam'",
                          "loss: one of auto, cross-entropy, focal, bce, smooth-svm, mse, huber was wanted: it is 'x'",
                          "optimiser: one of sgd, adam, adamw, rmsprop, radam was wanted: it is 'x'",
                          "schedule: one of constant, cosine, one-cycle, step was wanted: it is 'x'",
                          "sampling: one of shuffled, weighted, stratified was wanted: it is 'x'", "stopping: one of auto, nested, fixed was wanted: it is 'x'",
                          "class_weights: one of none, balanced was wanted: it is 'x'", "folds: 2 or more were wanted: it is 1",
                          "epochs: 1 or more were wanted: it is 0", "patience: 1 or more was wanted: it is 0", "accumulate: 1 or more was wanted: it is 0",
                          "learning_rate: above 0, at most 1 was wanted: it is 0", "weight_decay: from 0 to 1 was wanted: it is -1",
                          "l1: from 0 to 1 was wanted: it is -1", "focal_gamma: 0 or more was wanted: it is -1",
                          "dropout: from 0 to below 1 was wanted: it is 1", "bag_dropout: from 0 to below 1 was wanted: it is 1",
                          "bag_size: 0 or more was wanted: it is -1", "mixup: 0 or more was wanted: it is -1",
                          "modality_dropout: from 0 to below 1 was wanted: it is 1.5", "embed_dim: 1 or more was wanted: it is 0",
                          "attention_dim: 0 or more was wanted: it is -1", "table_dim: 1 or more was wanted: it is 0",
                          "top_k: 1 or more was wanted: it is 0"));
}

TEST(TrainSettings, ThatAreNotNumbersAreRefused) {
  TrainSettings settings;
  settings.learning_rate = std::numeric_limits<double>::quiet_NaN();
  settings.dropout = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(validate(settings).size(), 2U);
}

TEST(FeatureScaler, IsMeanAndPopulationSpreadOverAllTiles) {
  auto one = slide_of("a", "p", 0), two = slide_of("b", "q", 0);
  one.bag = wave_bag(1, 2);
  one.bag.features = {1.0F, 5.0F};
  two.bag = wave_bag(2, 2);
  two.bag.features = {2.0F, 5.0F, 6.0F, 5.0F};
  const auto scaler = fit_feature_scaler({&one, &two});
  EXPECT_THAT(scaler.mean, ElementsAre(3.0, 5.0));
  EXPECT_DOUBLE_EQ(scaler.scale[0], std::sqrt(14.0 / 3.0));
  EXPECT_EQ(scaler.scale[1], 1.0) << "a constant feature has scale 1";
}

TEST(FeatureScaler, TakesRoundingForNoSpread) {
  auto one = slide_of("a", "p", 0);
  one.bag = wave_bag(1000, 1);
  std::fill(one.bag.features.begin(), one.bag.features.end(), 0.1F);
  EXPECT_EQ(fit_feature_scaler({&one}).scale[0], 1.0);
}

TEST(GeneScaler, CountsAPatientOnceAndLeavesOutMissingEntries) {
  const float missing = std::numeric_limits<float>::quiet_NaN();
  auto a = slide_of("a", "p", 0), b = slide_of("b", "p", 0), c = slide_of("c", "q", 0), d = slide_of("d", "r", 0);
  a.tables = b.tables = {{true, {1.0F, missing, missing}}};
  c.tables = {{true, {5.0F, 2.0F, missing}}};
  const auto scaler = fit_table_scaler({&a, &b, &c, &d}, 0, 3);
  EXPECT_THAT(scaler.mean, ElementsAre(3.0, 2.0, 0.0));
  EXPECT_THAT(scaler.scale, ElementsAre(2.0, 1.0, 1.0));
}

}  // namespace
}  // namespace microtome::test
