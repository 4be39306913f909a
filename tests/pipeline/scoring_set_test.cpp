// SPDX-License-Identifier: Apache-2.0
// What a reader learns: which bags a model is judged on, and what is refused before any of them is read.
#include "pipeline/inputs/scoring_set.h"

#include <gtest/gtest.h>

#include "mil/bag_file.h"
#include "mil/model_error.h"
#include "pipeline/inputs/evaluation_set.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_dir.h"

namespace microtome {
namespace {

class ScoringSetTest : public ::testing::Test {
 protected:
  ScoringSetTest() {
    config.evaluate.bags = dir.path() / "out";
    config.evaluate.labels = dir.path() / "labels.csv";
    config.evaluate.model = "model";
    card.classes = {"normal", "tumour"};
    card.encoder_sha256 = "sha";
    card.encoder = "resnet18";
    card.feature_dim = 2;
    card.tile_px = 256;
    card.mpp = 0.5;
    for (const char* id : {"b", "a"}) add_bag(id);
    write_text(config.evaluate.labels, "slide_id,patient_id,label\na,P1,normal\nb,P2,tumour\nc,P3,normal\n");
  }
  std::filesystem::path place(const std::string& folder) const { return config.evaluate.bags / folder / "features.h5"; }
  void add_bag(const std::string& id, const std::string& folder = "", std::int64_t tiles = 1) {
    Bag bag;
    bag.slide_id = id;
    bag.feature_dim = dim;
    bag.features.resize(static_cast<std::size_t>(tiles * dim), 1);
    bag.coords.resize(static_cast<std::size_t>(2 * tiles));
    std::filesystem::create_directories(place(folder.empty() ? id : folder).parent_path());
    write_bag_file(place(folder.empty() ? id : folder), bag, facts, FeatureType::float32);
  }
  template <class Error>
  std::string refusal() {
    return sentence_of<Error>([&] { read_scoring_set(config, card); });
  }

  TempDir dir;
  Config config;
  ModelCard card;
  std::int64_t dim = 2;
  BagFacts facts{"", "", "resnet18", "sha", false, 256, 0, 0, 256, 0.5, 0.5, 0, 0};
};

TEST_F(ScoringSetTest, LabelledBagsComeSortedAndTheOthersAreCounted) {
  for (const char* id : {"z", "y"}) add_bag(id);
  add_bag("c", "", 0);
  const ScoringSet set = read_scoring_set(config, card);
  ASSERT_EQ(set.bags.size(), 2U);
  EXPECT_EQ(set.bags[0].keys.slide_id, "a");
  EXPECT_EQ(set.bags[0].keys.patient_id, "P1");
  EXPECT_EQ(set.bags[1].path, place("b"));
  EXPECT_EQ(set.tiles, 2);
  EXPECT_EQ(set.without_label, 2U);
  EXPECT_EQ(set.first_without_label, "y");
  EXPECT_EQ(set.without_tiles, 1U);
  EXPECT_EQ(set.first_without_tiles, "c");
}

TEST_F(ScoringSetTest, LabelsByPatientFindSlidesByTheirBarcode) {
  add_bag("TCGA-AA-0001-01Z-00-DX1");
  write_text(config.evaluate.labels, "patient_id,label\nTCGA-AA-0001,normal\nb,tumour\n");
  const ScoringSet set = read_scoring_set(config, card);
  ASSERT_EQ(set.bags.size(), 2U);
  EXPECT_EQ(set.bags[0].keys.patient_id, "TCGA-AA-0001");
  EXPECT_EQ(set.bags[0].keys.sample_id, "TCGA-AA-0001-01");
  EXPECT_EQ(set.first_without_label, "a");
}

TEST_F(ScoringSetTest, ASurvivalModelIsJudgedOnBagsWithAFollowUp) {
  card.classes = {"risk"};
  card.survival.emplace();
  add_bag("c");
  write_text(config.evaluate.labels, "slide_id,patient_id,time,event\nb,P2,12,1\na,P1,7.5,0\nc,P3,,\n");
  const ScoringSet set = read_scoring_set(config, card);
  ASSERT_EQ(set.bags.size(), 2U);
  EXPECT_EQ(set.bags[0].keys.patient_id, "P1");
  EXPECT_EQ(set.first_without_label, "c") << "a row without a time is no follow-up";
  write_text(config.evaluate.labels, "patient_id,time,censored\na,12,1\nb,3,0\n");
  config.evaluate.censorship = "censored";
  EXPECT_EQ(read_scoring_set(config, card).bags.size(), 2U);
  write_text(config.evaluate.labels, "slide_id,label\na,normal\nb,tumour\n");
  config.evaluate.censorship.clear();
  EXPECT_EQ(refusal<InputError>(), config.evaluate.labels.string() +
                                       ": wanted the columns time (months), event (1 = event, 0 = censored) and slide_id or patient_id in the header row, "
                                       "as the predictions are risks: time and event is missing: add it, or rename a column");
}

TEST_F(ScoringSetTest, RisksAreWrittenWithThoseOfTheRungsThatWereAsked) {
  card.classes = {"risk"};
  card.survival.emplace();
  write_text(config.evaluate.labels, "slide_id,time,event\nb,12,1\na,7.5,0\n");
  const ScoringSet set = read_scoring_set(config, card);
  BagScores scores;
  scores.survival = {SurvivalAnswer{0.5, 0, {6, 12}, {0.75, 0.5}}, SurvivalAnswer{0.25, 0, {6, 12}, {1, 0.875}}};
  scores.ladder = {{0.125, 2}, {3, 4}};
  EXPECT_EQ(risks_csv(set, {"slides", "without-rna, tumour"}, scores),
            "slide_id,risk,surv_6,surv_12,ladder_slides,\"ladder_without-rna, tumour\"\n"
            "a,0.5,0.75,0.5,0.125,2\nb,0.25,1,0.875,3,4\n");
  scores.ladder = {{}, {}};
  EXPECT_EQ(risks_csv(set, {}, scores), "slide_id,risk,surv_6,surv_12\na,0.5,0.75,0.5\nb,0.25,1,0.875\n") << "no ladder";
}

TEST_F(ScoringSetTest, BagsMadeOtherwiseThanTheModelSaysAreRefusedBySlide) {
  const std::string wanted = place("a").string() + ": the bag of slide 'a' was wanted to fit the model: model: the model was trained with ";
  const auto refuses = [&](const std::string& what) {
    add_bag("a");
    EXPECT_EQ(refusal<ModelError>().find(wanted + what), 0U) << refusal<ModelError>();
  };
  facts.encoder_sha256 = "other";
  refuses("encoder sha256 'sha': this run has 'other'");
  facts.encoder_sha256 = "sha";
  facts.tile_px = 224;
  refuses("tile_px '256': this run has '224'");
  facts.tile_px = 256;
  facts.target_mpp = 0.25;
  refuses("mpp '0.5': this run has '0.25'");
  facts.target_mpp = 0.5;
  dim = 3;
  refuses("feature dimension '2': this run has '3'");
}

TEST_F(ScoringSetTest, ABagThatNobodyLabelledMayBeOfAnotherModel) {
  dim = 3;
  add_bag("z");
  EXPECT_EQ(read_scoring_set(config, card).bags.size(), 2U);
}

TEST_F(ScoringSetTest, RefusalsAreSentences) {
  add_bag("b", "again");
  EXPECT_EQ(refusal<InputError>(),
            place("b").string() + ": wanted one bag per slide: 'b' has another in " + place("again").string() + ": keep runs apart");
  write_text(config.evaluate.labels, "slide_id,label\nq,normal\nr,tumour\n");
  EXPECT_EQ(refusal<InputError>(),
            config.evaluate.labels.string() + ": wanted labels for the bags: none of the 2 slides with a bag has one: check the ids");
  write_text(config.evaluate.labels, "slide_id,grade\na,1\n");
  EXPECT_EQ(refusal<InputError>(), config.evaluate.labels.string() +
                                       ": wanted the columns label and slide_id or patient_id in the header row: add what is missing");
  write_text(config.evaluate.labels, "slide_id,label\na,normal\n");
  add_bag("a", "", 0);
  EXPECT_EQ(refusal<InputError>(), config.evaluate.bags.string() +
                                       ": wanted bags with tiles: none of the 1 labelled ones has any: there is nothing to predict from");
  config.evaluate.bags = dir / "empty";
  EXPECT_EQ(refusal<ConfigError>(), config.evaluate.bags.string() + ": wanted a folder with features.h5 files: no such folder");
  std::filesystem::create_directories(config.evaluate.bags);
  EXPECT_EQ(refusal<ConfigError>(),
            config.evaluate.bags.string() + ": wanted bags: there is no features.h5 in the folder: run microtome run first");
}

TEST_F(ScoringSetTest, ABagBeyondTheMemoryLimitIsRefused) {
  config.engine.memory_limit = "32";
  EXPECT_EQ(read_scoring_set(config, card).bags.size(), 2U);
  config.engine.memory_limit = "31";
  EXPECT_EQ(refusal<ConfigError>(), "engine.memory_limit: wanted room for the bag of slide 'a' (32 bytes), got 31 bytes: raise the limit");
}

TEST_F(ScoringSetTest, AGenomicTableWantsAModelWithGenes) {
  config.evaluate.genomics = {"genes.h5ad"};
  EXPECT_EQ(refusal<ModelError>(), "genes.h5ad: wanted a model that uses genes or clinical columns: this one was trained on images alone: leave the table out");
  card.modalities = {{"rna", {"G1"}, {0}, {1}, "", "linear", 2, {}}};
  EXPECT_EQ(refusal<ModelError>().find("genes.h5ad: "), 0U);
}

TEST_F(ScoringSetTest, PredictionsReadBackToTheSameNumbers) {
  add_bag("c, d");
  write_text(config.evaluate.labels, "slide_id,label\na,normal\nb,tumour\n\"c, d\",normal\n");
  const ScoringSet set = read_scoring_set(config, card);
  const PredictionTable table = prediction_table(set, card, {{1.0 / 3, 2.0 / 3}, {0.1, 0.9}, {1e-17, 1.0}});
  write_text(dir / "predictions.csv", predictions_csv(table));
  const PredictionTable back = read_predictions(dir / "predictions.csv");
  EXPECT_EQ(back.classes, table.classes);
  ASSERT_EQ(back.rows.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(back.rows[i].id, table.rows[i].id);
    EXPECT_EQ(back.rows[i].probabilities, table.rows[i].probabilities);
  }
}

TEST_F(ScoringSetTest, WithoutScoresEveryClassIsAlike) {
  const PredictionTable table = prediction_table(read_scoring_set(config, card), card, {});
  EXPECT_EQ(table.rows[1].probabilities, (std::vector<double>{0.5, 0.5}));
  EXPECT_EQ(join_labels(table, "model", config.evaluate.labels, {}).judged.rows(), 2U);
}

}  // namespace
}  // namespace microtome
