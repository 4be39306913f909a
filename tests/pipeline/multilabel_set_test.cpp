// SPDX-License-Identifier: Apache-2.0
// What a reader learns: how predictions of several labels meet what is known of them, and when prob_ columns are taken for labels.
#include "pipeline/inputs/multilabel_set.h"

#include <gtest/gtest.h>

#include "pipeline/commands/evaluate_multilabel.h"
#include "pipeline/config.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_dir.h"

namespace microtome {
namespace {

class MultilabelSetTest : public ::testing::Test {
 protected:
  MultilabelSetTest() {
    predict("slide_id,prob_EGFR,prob_KRAS\nb,0.9,0.8\na,0.1,0.3\nc,0.2,0.6\n");
    know("slide_id,patient_id,label_KRAS,label_EGFR,label_TP53,sex\na,P1,0,0,1,F\nb,P2,1,1,,M\nc,P1,,0,0,F\n");
  }
  void predict(const std::string& text) const { write_text(predictions, text); }
  void know(const std::string& text) const { write_text(labels, text); }
  MultilabelSet read(const std::vector<std::string>& subgroups = {}) const { return read_multilabel_set(predictions, labels, subgroups); }
  std::string refusal() const {
    return sentence_of<InputError>([&] { read(); });
  }
  bool taken_for_labels(const std::string& task = "auto") const {
    EvaluateSettings settings;
    settings.predictions = predictions;
    settings.labels = labels;
    settings.task = task;
    return predicts_labels(settings);
  }

  TempDir dir;
  std::filesystem::path predictions = dir / "p.csv", labels = dir / "l.csv";
};

TEST_F(MultilabelSetTest, ColumnsMeetByNameAndRowsById) {
  const MultilabelSet set = read({"sex"});
  EXPECT_EQ(set.ids, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(set.judged.names, (std::vector<std::string>{"EGFR", "KRAS"})) << "in the order of the predictions";
  EXPECT_EQ(set.judged.known, (std::vector<int>{0, 0, 1, 1, 0, kUnknown}));
  EXPECT_EQ(set.judged.probability, (std::vector<double>{0.1, 0.3, 0.9, 0.8, 0.2, 0.6})) << "rows need not sum to 1";
  EXPECT_EQ(set.judged.patient, (std::vector<int>{0, 1, 0}));
  EXPECT_EQ(set.not_predicted, (std::vector<std::string>{"TP53"}));
  EXPECT_EQ(set.levels[0], (std::vector<std::string>{"F", "M", "F"}));
  const EvaluationSet kras = set.of_label(1);
  EXPECT_EQ(kras.ids, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(kras.judged.classes, (std::vector<std::string>{"no", "yes"}));
  EXPECT_EQ(kras.judged.positive, 1);
  EXPECT_EQ(kras.judged.label, (std::vector<int>{0, 1}));
  EXPECT_EQ(kras.judged.probability_of(1, 1), 0.8);
  EXPECT_EQ(kras.levels[0], (std::vector<std::string>{"F", "M"}));
}

TEST_F(MultilabelSetTest, ARowOfUnknownLabelsIsLeftOutAndCounted) {
  know("slide_id,label_EGFR,label_KRAS\na,0,0\nb,1.0,1\nc,,\nd,1,\ne,,\n");
  const MultilabelSet set = read();
  EXPECT_EQ(set.ids, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(set.predictions_without_label, 1U);
  EXPECT_EQ(set.labels_without_predictions, 1U) << "d, whose label is known; not e";
  EXPECT_EQ(set.judged.patients(), 2);
}

TEST_F(MultilabelSetTest, LabelsOfPatientsAreMetByTheMeanOfTheirSlides) {
  predict("slide_id,patient_id,fold,prob_EGFR,prob_KRAS\ns1,P1,0,0.2,0.4\ns2,P1,0,0.4,0.9\ns3,P2,1,0.75,0.5\n");
  know("patient_id,label_EGFR,label_KRAS\nP1,0,1\nP2,1,\n");
  const MultilabelSet set = read();
  EXPECT_EQ(set.unit, "patient");
  EXPECT_TRUE(set.averaged);
  EXPECT_NEAR(set.judged.probability[0], 0.3, 1e-15);
  EXPECT_NEAR(set.judged.probability[1], 0.65, 1e-15);
  EXPECT_EQ(set.judged.fold, (std::vector<int>{0, 1}));
}

TEST_F(MultilabelSetTest, SlidesOfAPatientMayKnowWhatOthersDoNotButNotTheOpposite) {
  predict("patient_id,prob_EGFR,prob_KRAS\nP1,0.1,0.2\nP2,0.9,0.8\n");
  know("slide_id,patient_id,label_EGFR,label_KRAS\ns1,P1,,0\ns2,P1,0,\ns3,P2,1,1.0\ns4,P2,,1\n");
  EXPECT_EQ(read().judged.known, (std::vector<int>{0, 0, 1, 1}));
  know("slide_id,patient_id,label_EGFR,label_KRAS\ns1,P1,1,0\ns2,P1,0,\ns3,P2,1,1\n");
  EXPECT_EQ(refusal(), labels.string() + ": row 3: wanted one label_EGFR for patient P1, got '1' and '0': give predictions by slide_id");
}

TEST_F(MultilabelSetTest, WhatIsWrongIsNamed) {
  const std::string p = predictions.string() + ": ", l = labels.string() + ": ";
  know("slide_id,label_EGFR,label_KRAS\na,0,0\nb,yes,1\nc,0,1\n");
  EXPECT_EQ(refusal(), l + "row 3 (b): wanted 0 or 1 under label_EGFR, or an empty cell where it is not known, got 'yes': correct it");
  know("slide_id,label_EGFR,label_KRAS\na,0,0\nb,1,2\nc,0,1\n");
  EXPECT_EQ(refusal(), l + "row 3 (b): wanted 0 or 1 under label_KRAS, or an empty cell where it is not known, got '2': correct it");
  know("slide_id,label_EGFR\na,0\nb,1\nc,0\n");
  EXPECT_EQ(refusal(), l + "wanted a column label_KRAS (0 or 1), got none: add it, or leave KRAS out of what is predicted");
  know("slide_id,label_EGFR,label_KRAS\na,0,0\nb,1,1\n");
  EXPECT_EQ(refusal(), l + "wanted a label for every prediction: c (row 4 of p.csv) has none: add it, or leave the prediction out");
  know("slide_id,label_EGFR,label_KRAS\na,0,1\nb,0,1\nc,0,\n");
  EXPECT_EQ(refusal(), l + "wanted a label with rows of both answers among the 3 rows with a prediction, got EGFR (every known answer is "
                           "no), KRAS (every known "
                           "answer is yes): add labelled rows");
  predict("slide_id,prob_EGFR,prob_KRAS\na,0.5,1.5\n");
  EXPECT_EQ(refusal(), p + "row 2 (a): wanted a probability in 0..1 under prob_KRAS, got 1.5: apply the sigmoid if these are logits");
  predict("slide_id,prob_EGFR,prob_\na,0.5,0.5\n");
  EXPECT_EQ(refusal(), p + "wanted prob_<name>, as prob_EGFR, in the header row, got prob_: name the label");
  predict("slide_id,EGFR\na,0.5\n");
  EXPECT_EQ(refusal(), p + "wanted a column prob_<name> for each label in the header row, got none: add them");
}

TEST_F(MultilabelSetTest, MarkedSlidesHaveARowWithAKnownLabel) {
  know("slide_id,patient_id,label_EGFR,label_KRAS\na,P1,,0\nb,P2,,\nc,P3,1,1\n");
  const auto marked = marked_slides(labels, {"c", "b", "a", "z"});
  ASSERT_EQ(marked.size(), 2U);
  EXPECT_EQ(marked[0].slide_id, "c");
  EXPECT_EQ(marked[0].patient_id, "P3");
  EXPECT_EQ(marked[1].slide_id, "a");
  EXPECT_EQ(marked_slides(labels, {"a", "c"}, {"EGFR"}).size(), 1U) << "of a model that knows one of them";
  know("patient_id,label_EGFR\nTCGA-AA-0001,1\n");
  EXPECT_EQ(marked_slides(labels, {"TCGA-AA-0001-01Z-00-DX1"}).at(0).sample_id, "TCGA-AA-0001-01");
  know("slide_id,label\na,tumour\n");
  EXPECT_EQ(sentence_of<InputError>([&] { marked_slides(labels, {"a"}); }),
            labels.string() + ": wanted a column label_<name> (0 or 1) for each label in the header row, got none: add them");
}

TEST_F(MultilabelSetTest, TwoModelsArePairedByIdAndByTheNamesOfTheirLabels) {
  MultilabelSet one = read();
  predict("slide_id,prob_KRAS,prob_EGFR\nb,0.5,0.6\na,0.4,0.7\n");
  MultilabelSet other = read();
  EXPECT_EQ(pair_up(one, other, predictions), 1U);
  EXPECT_EQ(other.judged.names, one.judged.names);
  EXPECT_EQ(other.judged.probability, (std::vector<double>{0.7, 0.4, 0.6, 0.5}));
  EXPECT_EQ(other.judged.known, one.judged.known);
  EXPECT_EQ(one.ids, other.ids);
  predict("slide_id,prob_EGFR\nb,0.5\na,0.4\n");
  MultilabelSet fewer = read();
  EXPECT_EQ(sentence_of<InputError>([&] { pair_up(one, fewer, predictions); }),
            predictions.string() + ": wanted the labels of the first model (EGFR, KRAS), got EGFR: compare models of one task");
}

TEST_F(MultilabelSetTest, TheLabelsSayWhetherTheColumnsAreOfClasses) {
  EXPECT_TRUE(taken_for_labels());
  EXPECT_FALSE(taken_for_labels("label"));
  know("slide_id,label\na,EGFR\n");
  EXPECT_FALSE(taken_for_labels());
  EXPECT_TRUE(taken_for_labels("multilabel"));
  know("slide_id,label,label_EGFR\na,EGFR,1\n");
  EXPECT_FALSE(taken_for_labels()) << "KRAS has no column of its own: these are classes";
  know("slide_id,label,label_EGFR,label_KRAS\na,EGFR,1,0\n");
  EXPECT_EQ(
      sentence_of<ConfigError>([&] { taken_for_labels(); }),
      "--evaluate.task: wanted to know what " + predictions.string() + " predicts: " + labels.string() +
          " has the column label, of which one class is true, and label_EGFR, label_KRAS, each true or not: give --evaluate.task label or "
          "--evaluate.task multilabel");
  predict("slide_id,prob_EGFR\na,0.5\n");
  EXPECT_TRUE(taken_for_labels()) << "one column cannot be of classes";
  predict("slide_id,risk\na,0.5\n");
  EXPECT_FALSE(taken_for_labels());
}

}  // namespace
}  // namespace microtome
