// SPDX-License-Identifier: Apache-2.0
// What a reader learns: how bags, labels, splits and genes meet, always by id, and what is refused.
#include "pipeline/inputs/training_set.h"

#include <gtest/gtest.h>

#include <cmath>

#include "mil/bag_file.h"
#include "mil/model_error.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_dir.h"

namespace microtome {
namespace {

class TrainingSetTest : public ::testing::Test {
 protected:
  TrainingSetTest() {
    config.data.bags = dir.path() / "out";
    config.data.labels = dir.path() / "labels.csv";
    for (const char* id : {"b", "a"}) add_bag(id, "sha");
    write_text(config.data.labels, "slide_id,patient_id,label\na,P1,normal\nb,P2,tumour\nc,P3,normal\n");
  }
  void add_bag(const std::string& id, const std::string& encoder) {
    const auto folder = config.data.bags / "slides" / id;
    std::filesystem::create_directories(folder);
    Bag bag;
    bag.slide_id = id;
    bag.feature_dim = 2;
    bag.features = {1, 2};
    bag.coords = {0, 0};
    bag.tissue_fraction = bag.focus = {1};
    BagFacts facts;
    facts.encoder_sha256 = encoder;
    facts.tile_px = 256;
    facts.mpp = facts.target_mpp = 0.5;
    facts.side_level0 = 256;
    write_bag_file(folder / "features.h5", bag, facts, FeatureType::float32);
  }
  std::string refusal() {
    return sentence_of<ConfigError>([&] { read_training_set(config); });
  }
  /// Of a table of labels that cannot be what it should.
  std::string labels_refusal() {
    return sentence_of<InputError>([&] { read_training_set(config); });
  }
  TempDir dir;
  Config config;
};

TEST_F(TrainingSetTest, BagsMeetLabelsById) {
  const TrainingSet set = read_training_set(config);
  ASSERT_EQ(set.slides.size(), 2u);
  EXPECT_EQ(set.slides[0].bag.slide_id, "a");
  EXPECT_EQ(set.slides[0].patient_id, "P1");
  EXPECT_EQ(set.card.classes, (std::vector<std::string>{"normal", "tumour"}));
  EXPECT_EQ(set.slides[1].label, 1);
  EXPECT_EQ(set.card.encoder_sha256, "sha");
}

TEST_F(TrainingSetTest, SeveralLabelsMeetBagsByIdAndMayBeUnknown) {
  config.train.task = "multilabel";
  write_text(config.data.labels, "slide_id,patient_id,label_EGFR,age,label_KRAS\nb,P2,1.0,60,\na,P1,0,70,1\nc,P3,,50,\n");
  const TrainingSet set = read_training_set(config);
  ASSERT_EQ(set.slides.size(), 2u);
  EXPECT_EQ(set.card.task, "multilabel");
  EXPECT_EQ(set.card.classes, (std::vector<std::string>{"EGFR", "KRAS"})) << "in the order of their columns";
  EXPECT_EQ(set.slides[0].marks, (std::vector<float>{0, 1}));
  EXPECT_EQ(set.slides[1].marks[0], 1);
  EXPECT_TRUE(std::isnan(set.slides[1].marks[1]));
  EXPECT_EQ(set.labels_without_bag, 0u) << "of c nothing is known";
  config.given = {"data.target"};
  config.data.target = "KRAS";
  write_text(config.data.labels, "slide_id,label_EGFR,label_KRAS,label_date\nb,1,0,May\na,1,1,June\n");
  EXPECT_EQ(read_training_set(config).card.classes, std::vector<std::string>{"KRAS"}) << "others are not looked at";
  config.data.target = "KRAS,TP53";
  EXPECT_EQ(labels_refusal().find(config.data.labels.string() + ": wanted a column label_TP53 (0 or 1)"), 0u) << labels_refusal();
  config.given.clear();
  write_text(config.data.labels, "slide_id,label_EGFR\na,1\nb,maybe\n");
  EXPECT_EQ(labels_refusal(), config.data.labels.string() + ": row 3 (b): wanted 0 or 1 under label_EGFR, or an empty cell where it is not known, got 'maybe': correct it");
  write_text(config.data.labels, "slide_id,label_EGFR\na,1\na,0\n");
  EXPECT_EQ(labels_refusal(), config.data.labels.string() + ": row 3: wanted each id once, 'a' is there twice: leave one out");
  write_text(config.data.labels, "slide_id,label\na,1\n");
  EXPECT_EQ(labels_refusal(), config.data.labels.string() + ": wanted a column label_<name> (0 or 1) for each label in the header row, got none: add them");
  write_text(config.data.labels, "slide_id,label_EGFR\na,\n");
  EXPECT_EQ(labels_refusal(), config.data.labels.string() + ": wanted 1 or 0 under a column label_<name>, all cells are empty");
}

TEST_F(TrainingSetTest, NumbersMeetBagsByIdAndTheColumnNamesThem) {
  config.train.task = "regression";
  config.data.target = "tmb";
  write_text(config.data.labels, "slide_id,patient_id,tmb\nb,P2,12.5\na,P1,-3e-1\nc,P3,\n");
  const TrainingSet set = read_training_set(config);
  ASSERT_EQ(set.slides.size(), 2u);
  EXPECT_EQ(set.card.classes, std::vector<std::string>{"tmb"});
  EXPECT_EQ(set.slides[0].value, -0.3);
  EXPECT_EQ(set.slides[1].value, 12.5);
  const std::string recipe = set.recipe;
  write_text(config.data.labels, "slide_id,patient_id,hrd\nb,P2,12.5\na,P1,-3e-1\nc,P3,\n");
  config.data.target = "hrd";
  EXPECT_NE(read_training_set(config).recipe, recipe) << "the name is in the model";
  write_text(config.data.labels, "slide_id,hrd\na,1\nb,high\n");
  EXPECT_EQ(labels_refusal(), config.data.labels.string() + ": row 3 (b): wanted a number under hrd, got 'high': leave the cell empty if it is not known");
  write_text(config.data.labels, "slide_id,hrd\na,1\nb,inf\n");
  EXPECT_EQ(labels_refusal(), config.data.labels.string() + ": row 3 (b): wanted a number under hrd, got 'inf': leave the cell empty if it is not known");
  write_text(config.data.labels, "slide_id,hrd\na,\n");
  EXPECT_EQ(labels_refusal(), config.data.labels.string() + ": wanted numbers under hrd, all cells are empty");
  config.data.target = "tmb";
  EXPECT_EQ(refusal().find("--data.target: wanted columns of " + config.data.labels.string()), 0u) << refusal();
  config.data.target = "value";
  EXPECT_EQ(labels_refusal(), config.data.labels.string() + ": wanted a column value in the header row, for the known numbers: name theirs with --data.target, or add it");
}

TEST_F(TrainingSetTest, WhatIsToBePredictedIsNoClinicalColumn) {
  config.train.task = "regression";
  write_text(config.data.labels, "slide_id,patient_id,value,label_EGFR,age\na,P1,3,1,60\nb,P2,4,0,70\n");
  config.run.clinical = config.data.labels;
  EXPECT_EQ(read_training_set(config).card.modalities.at(0).features, std::vector<std::string>{"age"});
  config.data.target = "age";
  EXPECT_EQ(refusal(), config.data.labels.string() + ": wanted clinical columns without 'age', which is to be predicted: name the others with --data.clinical_columns");
}

TEST_F(TrainingSetTest, BagWithoutLabelIsCountedNotGuessed) {
  add_bag("z", "sha");
  EXPECT_EQ(read_training_set(config).bags_without_label, 1u);
}

TEST_F(TrainingSetTest, RecipeFollowsLabelsAndSettings) {
  const std::string first = read_training_set(config).recipe;
  EXPECT_EQ(read_training_set(config).recipe, first);
  config.train.seed = 1;
  EXPECT_NE(read_training_set(config).recipe, first);
}

TEST_F(TrainingSetTest, BagsOfTwoEncodersAreRefused) {
  add_bag("c", "another");
  EXPECT_NE(sentence_of<ModelError>([&] { read_training_set(config); }).find("wanted bags that were made alike"), std::string::npos);
}

TEST_F(TrainingSetTest, SplitsAreByPatient) {
  config.data.splits = dir.path() / "splits.csv";
  write_text(config.data.splits, "patient_id,fold\nP1,0\nP2,1\n");
  EXPECT_EQ(read_training_set(config).slides[1].fold, 1);
  write_text(config.data.splits, "patient_id,fold\nP1,0\n");
  EXPECT_EQ(refusal(), config.data.splits.string() + ": wanted a fold for every patient: the one of slide b has none");
  write_text(config.data.splits, "patient_id,fold\nP1,x\n");
  EXPECT_EQ(refusal(), config.data.splits.string() + ": row 2: wanted a fold 0, 1, 2, ..., got 'x'");
}

TEST_F(TrainingSetTest, BadLabelsAreSentences) {
  const std::string where = config.data.labels.string();
  write_text(config.data.labels, "slide_id,grade\na,1\n");
  EXPECT_EQ(refusal(), where + ": wanted the columns label and slide_id or patient_id in the header row");
  write_text(config.data.labels, "slide_id,label\na,x\na,y\n");
  EXPECT_EQ(refusal(), where + ": row 3: wanted each id once, 'a' is there twice");
  write_text(config.data.labels, "slide_id,label\na,x\nb,x\n");
  EXPECT_EQ(refusal(), where + ": wanted at least two different labels, got 1");
  write_text(config.data.labels, "slide_id,label\nq,x\nr,y\n");
  EXPECT_EQ(refusal(), where + ": wanted labels for the bags: none of the 2 bags has one: check the ids");
}

TEST_F(TrainingSetTest, NoBagsIsASentence) {
  config.data.bags = dir.path() / "empty";
  EXPECT_EQ(refusal(), config.data.bags.string() + ": wanted a folder with features.h5 files: no such folder");
}

}  // namespace
}  // namespace microtome
