// SPDX-License-Identifier: Apache-2.0
// Predicted and known numbers meet by id; what cannot be joined is a sentence.
#include "pipeline/inputs/regression_set.h"

#include <gtest/gtest.h>

#include "pipeline/config.h"
#include "pipeline/inputs/value_table.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_dir.h"

namespace microtome {
namespace {

using Doubles = std::vector<double>;
using Ids = std::vector<std::string>;

class RegressionSetTest : public ::testing::Test {
 protected:
  RegressionSet read(const std::string& said, const std::string& known, const std::string& target = "value", const Ids& subgroups = {}) {
    write_text(predictions, said);
    write_text(labels, known);
    return read_regression_set(predictions, labels, subgroups, target);
  }
  template <class Error = InputError>
  std::string refusal(const std::string& said, const std::string& known, const std::string& target = "value", const Ids& subgroups = {}) {
    return sentence_of<Error>([&] { read(said, known, target, subgroups); });
  }
  bool has_values(const std::string& said) {
    write_text(predictions, said);
    return predicts_value(predictions);
  }

  TempDir dir;
  std::filesystem::path predictions = dir.path() / "p.csv", labels = dir.path() / "l.csv";
};

TEST_F(RegressionSetTest, SlidesMeetTheirLabelsInTheOrderOfIdsWhateverTheOrderOfRows) {
  const RegressionSet set = read("slide_id,value,noise\nb,2.5,x\na,-1e-3,y\n", "value,slide_id,patient_id\n7,z,P3\n1,a,P2\n3,b,P1\n");
  EXPECT_EQ(set.ids, (Ids{"a", "b"}));
  EXPECT_EQ(set.judged.predicted, (Doubles{-1e-3, 2.5}));
  EXPECT_EQ(set.judged.target, (Doubles{1, 3}));
  EXPECT_EQ(set.judged.patients(), 2);
  EXPECT_TRUE(set.judged.fold.empty());
  EXPECT_EQ(set.unit, "slide");
  EXPECT_EQ(set.patients_from, "patient_id of the labels");
  EXPECT_EQ(set.labels_without_predictions, 1U);
  EXPECT_FALSE(set.averaged);
}

TEST_F(RegressionSetTest, SlidesOfAPatientStayRowsAndAreOnePatient) {
  const RegressionSet set = read("slide_id,patient_id,fold,value\na,P,0,1\nb,P,0,2\nc,Q,1,3\n", "slide_id,value\na,5\nb,6\nc,7\n");
  EXPECT_EQ(set.judged.patient, (std::vector<int>{0, 0, 1}));
  EXPECT_EQ(set.judged.fold, (std::vector<int>{0, 0, 1}));
  EXPECT_EQ(set.patients_from, "patient_id of the predictions");
  EXPECT_EQ(read("slide_id,value\nTCGA-AA-0001-01Z-00-DX1,1\nTCGA-AA-0001-01Z-00-DX2,1\n",
                 "slide_id,value\nTCGA-AA-0001-01Z-00-DX1,1\nTCGA-AA-0001-01Z-00-DX2,2\n")
                .judged.patients(),
            1);
}

TEST_F(RegressionSetTest, LabelsByPatientAverageThePatientsSlides) {
  const RegressionSet set =
      read("slide_id,patient_id,value\na,P,1\nb,P,4\nc,Q,3\n", "patient_id,value,sex\nQ,7,F\nP,5,M\n", "value", {"sex"});
  EXPECT_EQ(set.ids, (Ids{"P", "Q"}));
  EXPECT_EQ(set.judged.predicted, (Doubles{2.5, 3}));
  EXPECT_EQ(set.judged.target, (Doubles{5, 7}));
  EXPECT_EQ(set.levels, (std::vector<Ids>{{"M", "F"}}));
  EXPECT_EQ(set.unit, "patient");
  EXPECT_TRUE(set.averaged);
  EXPECT_EQ(set.predictions, 3U);
}

TEST_F(RegressionSetTest, PatientsTakeTheOneNumberOfTheirSlidesInTheLabels) {
  const std::string known = "slide_id,patient_id,value,site\na,P,5,x\nb,P,,z\nc,P,5,y\nd,Q,1,x\n";
  const RegressionSet set = read("patient_id,value\nP,1\nQ,2\n", known, "value", {"site"});
  EXPECT_EQ(set.judged.target, (Doubles{5, 1}));
  EXPECT_EQ(set.levels.front(), (Ids{"(several)", "x"}));
  EXPECT_EQ(set.labels_without_value, 0U);
  EXPECT_NE(refusal("patient_id,value\nP,1\n", "slide_id,patient_id,value\na,P,5\nb,P,6.5\n")
                .find("row 3: wanted one value for patient P, got 6.5 and in row 2 5: give predictions by slide_id"),
            std::string::npos);
}

TEST_F(RegressionSetTest, EmptyCellsAreLeftOutWithTheirPredictionsAndCounted) {
  const RegressionSet set = read("slide_id,value\na,1\nb,2\nc,3\n", "slide_id,hrd\na,10\nb,\nc,30\nd,\ne,9\n", "hrd");
  EXPECT_EQ(set.ids, (Ids{"a", "c"}));
  EXPECT_EQ(set.judged.target, (Doubles{10, 30}));
  EXPECT_EQ(set.labels_without_value, 2U);
  EXPECT_EQ(set.predictions_without_value, 1U);
  EXPECT_EQ(set.labels_without_predictions, 1U);
  EXPECT_EQ(set.target, "hrd");
  EXPECT_NE(
      refusal("slide_id,value\na,1\n", "slide_id,value\na,\n").find("the cells of all 1 predictions are empty: is it the right column?"),
      std::string::npos);
}

TEST_F(RegressionSetTest, CellsThatAreNoNumbersAreRefusedWithRowAndId) {
  const std::string said = "slide_id,value\na,1\nb,2\n";
  for (const char* cell : {"high", "nan", "inf", "-inf", "1,5", "1.5x", "0x10"}) {
    const std::string quoted = std::string("\"") + cell + "\"";
    EXPECT_NE(refusal(said, "slide_id,value\na,1\nb," + quoted + "\n")
                  .find(std::string("l.csv: row 3 (b): wanted a number under value, got '") + cell +
                        "': leave the cell empty if it is not known"),
              std::string::npos)
        << cell;
    EXPECT_NE(refusal("slide_id,value\na,1\nb," + quoted + "\n", "slide_id,value\na,1\nb,1\n")
                  .find(std::string("p.csv: row 3 (b): wanted a number under value, got '") + cell + "'"),
              std::string::npos)
        << cell;
  }
  EXPECT_NE(refusal(said, "slide_id,value\na,-2e100\nb,1\n").find("row 2 (a): wanted a number of at most 1e+100 under value, got -2e100"),
            std::string::npos);
  EXPECT_NE(refusal("slide_id,value\na,\n", "slide_id,value\na,1\n").find("got '': leave the row out if there is no prediction"),
            std::string::npos);
}

TEST_F(RegressionSetTest, TheTargetIsAColumnOfTheLabels) {
  const std::string said = "slide_id,value\na,1\n";
  EXPECT_NE(refusal(said, "slide_id,tmb\na,1\n")
                .find("l.csv: wanted a column value in the header row, for the known numbers: name theirs"),
            std::string::npos);
  EXPECT_NE(refusal<ConfigError>(said, "slide_id,tmb\na,1\n", "tbm").find("--evaluate.target: wanted columns of"), std::string::npos);
  EXPECT_NE(refusal<ConfigError>(said, "slide_id,tmb\na,1\n", "tbm").find("did you mean tmb?"), std::string::npos);
  EXPECT_NE(refusal<ConfigError>(said, "slide_id,value\na,1\n", "value", {"sex"}).find("--evaluate.subgroups: wanted columns of"),
            std::string::npos);
}

TEST_F(RegressionSetTest, ATableOfOneTaskHasItsColumnAlone) {
  EXPECT_TRUE(has_values("slide_id,value\na,1\n"));
  EXPECT_FALSE(has_values("slide_id,risk\na,1\n"));
  EXPECT_FALSE(has_values("slide_id,prob_a,prob_b\na,1,0\n"));
  EXPECT_NE(
      sentence_of<InputError>([&] { has_values("slide_id,value,risk\na,1,2\n"); }).find("got the columns value and risk: leave one out"),
      std::string::npos);
  EXPECT_NE(sentence_of<InputError>([&] { has_values("slide_id,value,prob_x\na,1,1\n"); }).find("got the columns value and prob_x"),
            std::string::npos);
}

TEST_F(RegressionSetTest, WhatCannotBeJoinedIsRefused) {
  const std::string known = "slide_id,patient_id,value\na,P,1\nb,Q,2\n";
  EXPECT_NE(refusal("slide_id,value\na,1\nc,2\n", known).find("l.csv: wanted a row for every prediction: c (row 3 of p.csv) has none"),
            std::string::npos);
  EXPECT_NE(refusal("slide_id,patient_id,value\nc,X,2\n", "patient_id,value\nP,1\n").find("the patient of c (row 2 of p.csv) has none"),
            std::string::npos);
  EXPECT_NE(refusal("slide_id,value\na,1\na,2\n", known).find("p.csv: row 3 (a): wanted each id once"), std::string::npos);
  EXPECT_NE(refusal("slide_id,value\na,1\n", known + "a,P,3\n").find("l.csv: row 4: wanted each id once, 'a' is there twice"),
            std::string::npos);
  EXPECT_NE(refusal("slide_id,patient_id,value\na,X,1\n", known).find("slide a: wanted the patient that the predictions name"),
            std::string::npos);
  EXPECT_NE(refusal("slide_id,patient_id,fold,value\na,P,0,1\nb,P,1,2\n", "slide_id,value\na,1\nb,2\n")
                .find("row 3 (b): wanted all slides of a patient in one fold"),
            std::string::npos);
  EXPECT_NE(
      refusal("patient_id,value\nP,1\n", "slide_id,value\na,1\n").find("wanted a column patient_id, as the predictions are of patients"),
      std::string::npos);
  EXPECT_NE(refusal("slide_id,value\na,1\n", "case,value\na,1\n").find("l.csv: wanted a column slide_id or patient_id"), std::string::npos);
  EXPECT_NE(refusal("slide_id,value\n", known).find("there is no row under the header"), std::string::npos);
}

TEST_F(RegressionSetTest, TwoModelsAreJudgedOnTheRowsThatBothPredict) {
  const std::string known = "slide_id,patient_id,value\na,P,1\nb,Q,2\nc,R,3\n";
  RegressionSet one = read("slide_id,value\na,1\nb,2\n", known), other = read("slide_id,value\nb,5\nc,6\n", known);
  EXPECT_EQ(pair_up(one, other, predictions), 2U);
  EXPECT_EQ(one.ids, Ids{"b"});
  EXPECT_EQ(one.judged.predicted, Doubles{2});
  EXPECT_EQ(other.judged.predicted, Doubles{5});
  RegressionSet third = read("slide_id,value\na,5\n", known), patients = read("patient_id,value\nQ,5\n", known);
  EXPECT_NE(sentence_of<InputError>([&] { pair_up(one, third, predictions); }).find("there is none in both"), std::string::npos);
  EXPECT_NE(sentence_of<InputError>([&] {
              pair_up(one, patients, predictions);
            }).find("wanted predictions of slides, as the first model's are, got patients"),
            std::string::npos);
}

TEST_F(RegressionSetTest, SlidesWithANumberAreFoundForAModelToScore) {
  write_text(labels, "slide_id,patient_id,tmb\na,P,1\nb,Q,\nc,R,0\n");
  const auto by_slide = valued_slides(labels, {"c", "b", "x", "a"}, "tmb");
  ASSERT_EQ(by_slide.size(), 2U);
  EXPECT_EQ(by_slide[0].slide_id, "c");
  EXPECT_EQ(by_slide[1].patient_id, "P");
  write_text(labels, "patient_id,value\nTCGA-AA-0001,3\nTCGA-AA-0002,\n");
  const auto by_patient = valued_slides(labels, {"TCGA-AA-0001-01Z-00-DX1", "TCGA-AA-0002-01Z-00-DX1"}, "value");
  ASSERT_EQ(by_patient.size(), 1U);
  EXPECT_EQ(by_patient[0].patient_id, "TCGA-AA-0001");
}

}  // namespace
}  // namespace microtome
