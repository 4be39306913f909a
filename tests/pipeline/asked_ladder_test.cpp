// SPDX-License-Identifier: Apache-2.0
// What a reader learns: which rungs `evaluate --model` asks, in which order, what each is shown, and what is said of those that are not there.
#include "pipeline/inputs/asked_ladder.h"

#include <gtest/gtest.h>

#include <fstream>

#include "mil/model_error.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_dir.h"

namespace microtome {
namespace {

using Names = std::vector<std::string>;

/// Its risk is a hundred for itself, ten a table that it is shown, and the sum of what stands in these.
class FakeModel final : public SlideModel {
 public:
  FakeModel(double own, std::vector<Modality> tables) : own_(own) {
    card_.survival.emplace();
    card_.modalities = std::move(tables);
  }
  const ModelCard& card() const override { return card_; }
  const std::string& sha256() const override { return sha256_; }
  std::string name() const override { return "fake"; }
  Prediction predict(const Bag&, const std::vector<TableRow>& tables) const override {
    EXPECT_EQ(tables.size(), card_.modalities.size());
    Prediction answer;
    answer.survival.emplace();
    answer.survival->risk = 100 * own_;
    for (const TableRow& row : tables) answer.survival->risk += row.present ? 10 + row.values[0] : 0;
    return answer;
  }
  std::vector<double> ablated_risks(const Bag&, const std::vector<TableRow>&) const override { return {-1, -2, -3, -4}; }

  ModelCard card_;

 private:
  double own_;
  std::string sha256_;
};

const Modality rna{"rna", {"G1"}, {0}, {1}, "", "linear", 2, {}}, cnv{"cnv", {"G2"}, {0}, {1}, "", "linear", 2, {}},
    clinical{kClinicalModality, {"age"}, {0}, {1}, "", "linear", 2, {}};

class AskedLadderTest : public ::testing::Test {
 protected:
  AskedLadderTest() : whole(0, {rna, cnv, clinical}) {
    for (const char* name : {"clinical-cox", "genes-snn", "slides", "late-fusion"}) whole.card_.ladder.push_back({name, "sha"});
  }
  std::vector<Competitor> competitors() const {
    const auto fake = [](double own, std::vector<Modality> tables) { return std::make_shared<FakeModel>(own, std::move(tables)); };
    std::vector<Competitor> out;
    out.emplace_back("clinical-cox", CoxCard{kClinicalModality, {"age"}, CoxTies::efron, 0.1, {{{60}, {10}, {2}, ""}}, "{}"}, whole.card(), "m");
    out.emplace_back("genes-snn", fake(1, {rna, cnv}), whole.card(), "m");
    out.emplace_back("slides", fake(2, {}), whole.card(), "m");
    out.emplace_back("late-fusion", fake(3, {rna, cnv, clinical}), whole.card(), "m");
    return out;
  }
  AskedLadder asked(const std::vector<bool>& given) const { return {whole, competitors(), given}; }
  std::vector<std::string> remarks(const std::vector<bool>& given) const { return ladder_remarks(asked(given), dir.path(), whole.card()); }

  FakeModel whole;
  TempDir dir;
};

const std::vector<TableRow> rows{{true, {1}}, {true, {2}}, {true, {65}}};

TEST_F(AskedLadderTest, RungsComeAsTrainingWritesThemAndEachSeesItsTables) {
  const AskedLadder ladder = asked({true, true, true});
  EXPECT_EQ(ladder.names(), (Names{"clinical-cox", "genes-snn", "slides", "late-fusion", "without-rna", "without-cnv", "without-clinical", "without-tiles"}));
  EXPECT_EQ(ladder.left_out(), Names{});
  EXPECT_EQ(ladder.risks(Bag{}, rows), (std::vector<double>{1, 123, 200, 398, -2, -3, -4, -1}));
}

TEST_F(AskedLadderTest, WithoutATableWhatNeedsItIsLeftOut) {
  const AskedLadder ladder = asked({true, false, false});
  EXPECT_EQ(ladder.names(), (Names{"genes-snn", "slides", "late-fusion", "without-rna", "without-tiles"}));
  EXPECT_EQ(ladder.left_out(), (Names{"clinical-cox", "without-cnv", "without-clinical"}));
  EXPECT_EQ(ladder.risks(Bag{}, {rows[0], {}, {}}), (std::vector<double>{111, 200, 311, -2, -1}));
}

TEST_F(AskedLadderTest, WithoutAnyTableTheSlidesRemain) {
  const AskedLadder ladder = asked({});
  EXPECT_EQ(ladder.names(), Names{"slides"});
  EXPECT_EQ(ladder.left_out(), (Names{"clinical-cox", "genes-snn", "late-fusion", "without-rna", "without-cnv", "without-clinical", "without-tiles"}));
  EXPECT_EQ(ladder.risks(Bag{}, {}), std::vector<double>{200});
}

TEST_F(AskedLadderTest, ARowThatIsNotThereIsTheMean) {
  EXPECT_EQ(asked({true, true, true}).risks(Bag{}, {rows[0], rows[1], {}}).front(), 0);
}

TEST_F(AskedLadderTest, WhatIsMissingIsSaidInALine) {
  std::filesystem::create_directories(dir / "ladder");
  EXPECT_EQ(remarks({true, true, true}), Names{}) << "a ladder that is whole";
  EXPECT_EQ(remarks({true, true, false}), Names{"left out of the ladder, as no table that they see was given: clinical-cox, without-clinical"});
  std::filesystem::remove(dir / "ladder");
  EXPECT_EQ(remarks({true, true, true}), Names{(dir / "ladder").string() + ": the folder is not there, and with it clinical-cox, genes-snn, slides, late-fusion are missing from the "
                                                                           "ladder: copy it with the model"});
  whole.card_.ladder.clear();
  EXPECT_EQ(remarks({true, true, true}), Names{dir.path().string() + ": no simpler models are kept with this model, as train --train.ladder does: its ladder is the model itself "
                                                                     "without each input"});
  whole.card_.modalities.clear();
  EXPECT_EQ(ladder_remarks({whole, {}, {}}, dir.path(), whole.card()), Names{}) << "tiles alone have no ladder";
}

TEST_F(AskedLadderTest, AFolderWithoutALadderHasNoCompetitorsAndADamagedOneIsRefused) {
  EXPECT_EQ(competitors_there(dir.path(), whole.card(), nullptr).size(), 0U);
  std::filesystem::create_directories(dir / "ladder" / "clinical-cox");
  EXPECT_EQ(sentence_of<ModelError>([&] { competitors_there(dir.path(), whole.card(), nullptr); }),
            (dir / "ladder" / "clinical-cox" / "cox.json").string() + ": the coefficients of a Cox regression were wanted: there is no such file: copy the whole folder");
}

TEST_F(AskedLadderTest, ATableWithOtherColumnsIsRefusedBySize) {
  const auto ladder = asked({true, true, true});
  EXPECT_EQ(sentence_of<BagError>([&] { ladder.risks(Bag{}, {rows[0], rows[1], {true, {1, 2}}}); }),
            "the table clinical: 1 values were wanted: there are 2: give those that the model's card lists");
}

}  // namespace
}  // namespace microtome
