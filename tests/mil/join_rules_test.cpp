// SPDX-License-Identifier: Apache-2.0
// A reader learns how each rule joins, what settles several rows of a patient, what the audit tells of it, and when a join is refused.
#include <gtest/gtest.h>

#include <algorithm>

#include "mil/genomics/join.h"
#include "mil/model_error.h"
#include "scratch_folder.h"

namespace microtome {
namespace {

GenomicTable table_of(const std::vector<std::string>& ids, const std::vector<std::string>& patients = {}) {
  GenomicTable table;
  table.row_ids = ids;
  if (!patients.empty()) table.row_columns["patient_id"] = patients;
  return table;
}

JoinRules rules_of(const std::string& keys, DuplicateRule duplicates = DuplicateRule::refuse) { return {KeyRule(keys), duplicates, {}}; }

/// "way id, id" of what the slide got.
std::string row_of(const GenomicTable& table, const JoinRules& rules, const SlideKeys& keys) {
  const auto match = GenomicJoin(table, rules).find(keys);
  if (!match) return "none";
  std::string text = match->matched_by + ":";
  for (const std::size_t row : match->rows) text += " " + table.row_ids[row];
  return text;
}

TEST(JoinRules, ExactKnowsNoBarcodes) {
  const GenomicTable table = table_of({"TCGA-05-4244-01A", "P1"});
  EXPECT_EQ(row_of(table, rules_of("exact"), {"TCGA-05-4244-01Z-00-DX1", "", ""}), "none");
  EXPECT_EQ(row_of(table, rules_of("exact"), {"s", "P1", ""}), "patient_id: P1");
}

TEST(JoinRules, TcgaKnowsNothingElse) {
  const GenomicTable table = table_of({"TCGA-05-4244-01A", "P1"});
  EXPECT_EQ(row_of(table, rules_of("tcga"), {"TCGA-05-4244-01Z-00-DX1", "", ""}), "tcga-sample: TCGA-05-4244-01A");
  EXPECT_EQ(row_of(table, rules_of("tcga"), {"s", "P1", ""}), "none");
}

TEST(JoinRules, VialsNeverDecideAndANormalIsOnlyAFallback) {
  const SlideKeys slide{"TCGA-05-4244-01Z-00-DX1", "TCGA-05-4244", "TCGA-05-4244-01"};
  EXPECT_EQ(row_of(table_of({"TCGA-05-4244-11A", "TCGA-05-4244-01B"}), rules_of("tcga"), slide), "tcga-sample: TCGA-05-4244-01B");
  const auto match = GenomicJoin(table_of({"TCGA-05-4244-11A"})).find(slide);
  ASSERT_TRUE(match);
  EXPECT_TRUE(match->other_sample) << "the audit says so";
  EXPECT_FALSE(GenomicJoin(table_of({"TCGA-05-4244"})).find(slide)->other_sample) << "a row of the patient is of no sample";
}

TEST(JoinRules, SlidesMeetRowsOfSlidesThoughExtensionAndCaseOfTheUuidDiffer) {
  const GenomicTable table = table_of({"TCGA-2F-A9KO-01Z-00-DX1.195576CF-B739-4BD9-B15B-4A70AE287D3E.svs", "TCGA-2F-A9KO-01Z-00-DX2.svs"});
  EXPECT_EQ(row_of(table, {}, {"TCGA-2F-A9KO-01Z-00-DX1.195576cf-b739-4bd9-b15b-4a70ae287d3e", "", ""}), "slide_id: " + table.row_ids[0]);
  EXPECT_EQ(row_of(table, rules_of("tcga"), {"TCGA-2F-A9KO-01Z-00-DX2.another", "", ""}), "tcga-slide: " + table.row_ids[1]);
}

TEST(JoinRules, CptacMeetsByCaseAndTellsSlidesApart) {
  EXPECT_EQ(row_of(table_of({"C3L-00001", "C3L-00002"}), rules_of("cptac"), {"C3L-00002-21", "", ""}), "cptac-patient: C3L-00002");
  EXPECT_EQ(row_of(table_of({"x", "y"}, {"C3L-00001", "C3L-00002"}), rules_of("cptac"), {"C3L-00002-21", "", ""}), "cptac-patient: y");
  EXPECT_EQ(row_of(table_of({"C3L-00001-21", "C3L-00001-22"}), rules_of("cptac"), {"C3L-00001-22", "", ""}), "cptac-slide: C3L-00001-22");
  EXPECT_EQ(row_of(table_of({"C3L-00001"}), {}, {"C3L-00001-21", "", ""}), "none") << "auto guesses no such cases";
}

TEST(JoinRules, APatternMeetsPatientsSamplesAndSlides) {
  const JoinRules rules = rules_of(R"(regex:^(?<patient>P\d+)(?:_(?<sample>\d))?(?:_(?<slide>[a-z]))?)");
  EXPECT_EQ(row_of(table_of({"P1-rna", "P2-rna"}), rules, {"P2_1_a", "", ""}), "regex-patient: P2-rna");
  EXPECT_EQ(row_of(table_of({"P1_1", "P2_1", "P2_2"}), rules, {"P2_2_a", "", ""}), "regex-sample: P2_2") << "sample 2 of P2, not of P1";
  EXPECT_EQ(row_of(table_of({"P2_1_a", "P2_1_b"}), rules, {"P2_1_b", "", ""}), "regex-slide: P2_1_b");
  EXPECT_EQ(row_of(table_of({"q", "r"}, {"P1", "P2"}), rules, {"P2_1_a", "", ""}), "regex-patient: r") << "through the obs column";
  EXPECT_EQ(row_of(table_of({"P1"}, {"P2"}), rules, {"P1_1", "", ""}), "none") << "the obs column outweighs the row's name";
  EXPECT_EQ(row_of(table_of({"P1", "P2"}), rules, {"P1_1", "P2", ""}), "regex-patient: P2") << "the manifest outweighs the slide's name";
  EXPECT_EQ(row_of(table_of({"q", "P2"}, {"77", "P2"}), rules, {"scan", "77", ""}), "regex-patient: q") << "a patient_id is a key as it is";
  EXPECT_EQ(row_of(table_of({"P1"}), rules, {"scan", "", ""}), "none");
}

const SlideKeys primary{"TCGA-05-4244-01Z-00-DX1", "TCGA-05-4244", "TCGA-05-4244-01"};

TEST(Duplicates, AreRefusedUnlessARuleIsNamed) {
  EXPECT_EQ(sentence_of<ModelError>([&] { GenomicJoin(table_of({"TCGA-05-4244-01A", "TCGA-05-4244-01B", "TCGA-05-4244-11A"})).find(primary); }),
            "genomic table: find the row of slide TCGA-05-4244-01Z-00-DX1: its sample has 2 rows, the first at positions 0 and 1 (counted from "
            "0): keep one row per patient, give the slide a sample_id, or say with --genomics.duplicates which counts");
  EXPECT_EQ(duplicate_rule("first-barcode"), DuplicateRule::first_barcode);
  EXPECT_EQ(duplicate_rule("mean"), DuplicateRule::mean);
  EXPECT_EQ(duplicate_rule("first"), std::nullopt);
}

TEST(Duplicates, FirstBarcodeTakesTheSmallestIdOfTheSlidesOwnSample) {
  const JoinRules rules = rules_of("auto", DuplicateRule::first_barcode);
  EXPECT_EQ(row_of(table_of({"TCGA-05-4244-01B-11R-A000-07", "TCGA-05-4244-01A-21R-A000-07", "TCGA-05-4244-01A-11R-B000-07", "TCGA-05-4244-01A-11R-A000-07"}),
                   rules, primary),
            "tcga-sample, first-barcode: TCGA-05-4244-01A-11R-A000-07")
      << "vial, portion, plate";
  EXPECT_EQ(row_of(table_of({"TCGA-05-4244-11B", "TCGA-05-4244-11A", "TCGA-05-4244-01A"}), rules, {"TCGA-05-4244-11Z-00-DX1", "", ""}),
            "tcga-sample, first-barcode: TCGA-05-4244-11A")
      << "a slide of normal tissue keeps to its own";
  EXPECT_EQ(row_of(table_of({"TCGA-05-4244-11A", "TCGA-05-4244-06A"}), rules, primary), "tcga-patient, first-barcode: TCGA-05-4244-06A") << "tumour first";
  EXPECT_EQ(row_of(table_of({"b", "A", "c"}, {"p", "p", "p"}), rules, {"s", "p", ""}), "patient_id, first-barcode: A") << "capital or not";
  EXPECT_EQ(row_of(table_of({"a1", "a2"}, {"p", "p"}), rules, {"s", "p", "a2"}), "sample_id: a2") << "where the slide says which, no rule is asked";
}

TEST(Duplicates, MeanTakesAllOfThemInTheOrderOfTheirIds) {
  const JoinRules rules = rules_of("auto", DuplicateRule::mean);
  EXPECT_EQ(row_of(table_of({"c", "a", "b", "d"}, {"p", "p", "p", "q"}), rules, {"s", "p", ""}), "patient_id, mean: a b c");
  EXPECT_EQ(row_of(table_of({"c", "a", "b", "d"}, {"p", "p", "p", "q"}), rules, {"s", "q", ""}), "patient_id: d");
}

JoinRules mapped(std::map<std::string, MappedRow> slides, std::map<std::string, MappedRow> patients = {}) {
  JoinRules rules;
  rules.map = {"map.csv", "def", std::move(slides), std::move(patients)};
  return rules;
}

TEST(MappedJoin, TheMapComesFirstAndTheKeysServeTheOthers) {
  const GenomicTable table = table_of({"r1", "r2", "P2"});
  const JoinRules rules = mapped({{"s1", {"r2", 2}}}, {{"P1", {"r1", 3}}});
  EXPECT_EQ(row_of(table, rules, {"s1.svs", "P2", "r1"}), "map: r2") << "whatever else its keys say";
  EXPECT_EQ(row_of(table, rules, {"s2", "P1", ""}), "map: r1");
  EXPECT_EQ(row_of(table, rules, {"s3", "P2", ""}), "patient_id: P2");
  EXPECT_EQ(row_of(table, rules, {"s4", "P3", ""}), "none");
  EXPECT_EQ(row_of(table_of({"r1", "r2"}, {"P1", "P1"}), mapped({}, {{"P1", {"r2", 2}}}), {"s", "P1", ""}), "map: r2") << "it settles duplicates";
}

TEST(MappedJoin, RowsThatTheTableDoesNotHaveAreRefusedByLine) {
  EXPECT_EQ(sentence_of<ModelError>([] { GenomicJoin(table_of({"r1"}), mapped({{"s1", {"r1", 2}}, {"s2", {"secret", 3}}})); }),
            "map.csv: wanted ids of rows that the table has: 1 line names another, line 3: correct the map");
  EXPECT_EQ(sentence_of<ModelError>([] { GenomicJoin(table_of({"r1"}), mapped({{"s1", {"x", 9}}}, {{"P", {"y", 4}}})); }),
            "map.csv: wanted ids of rows that the table has: 2 lines name others, the first is line 4: correct the map");
}

/// All that an audit says, but the sha256 of the file.
std::string story(const JoinAudit& a) {
  std::string text = a.keys + " " + a.duplicates + " " + std::to_string(a.matched) + "/" + std::to_string(a.slides) + " patients " +
                     std::to_string(a.patients_without_row) + "/" + std::to_string(a.patients) + " rows " + std::to_string(a.rows_without_slide_count) + "/" +
                     std::to_string(a.rows);
  for (const auto& [way, count] : a.matched_by) text += " " + way + "=" + std::to_string(count);
  for (const auto& id : a.slides_without_row) text += " -" + id;
  for (const auto& each : a.settled) {
    text += " [" + each.by + " " + std::to_string(each.patients) + " " + std::to_string(each.slides);
    for (const auto& id : each.first) text += " " + id;
    text += "]";
  }
  text += " other " + std::to_string(a.other_sample_count);
  for (const auto& id : a.other_sample) text += " " + id;
  return text;
}

const std::vector<std::string> shuffled_ids{"TCGA-05-4244-01B", "TCGA-05-4244-01A", "TCGA-05-4245-11A", "TCGA-05-4245-01A", "TCGA-05-4246-11A", "TCGA-05-4247-01A"};
const std::vector<SlideKeys> shuffled_slides{{"TCGA-05-4246-01Z-00-DX1", "", ""}, {"TCGA-05-4244-01Z-00-DX2", "", ""}, {"TCGA-05-4244-01Z-00-DX1", "", ""},
                                             {"TCGA-05-4245-01Z-00-DX1", "", ""}, {"TCGA-05-4249-01Z-00-DX1", "", ""}};

TEST(JoinAudit, TellsWhoMetHowWhatSettledDuplicatesAndWhoGotAnotherSample) {
  EXPECT_EQ(story(GenomicJoin(table_of(shuffled_ids), rules_of("tcga", DuplicateRule::first_barcode)).audit(shuffled_slides)),
            "tcga first-barcode 4/5 patients 1/4 rows 3/6 tcga-sample=3 tcga-patient=1 -TCGA-05-4249-01Z-00-DX1 "
            "[first-barcode 1 2 TCGA-05-4244-01Z-00-DX1 TCGA-05-4244-01Z-00-DX2] [tcga-sample 1 1 TCGA-05-4245-01Z-00-DX1] "
            "other 1 TCGA-05-4246-01Z-00-DX1");
}

TEST(JoinAudit, NeitherTheOrderOfRowsNorThatOfSlidesChangesRowsOrStory) {
  for (const DuplicateRule rule : {DuplicateRule::first_barcode, DuplicateRule::mean}) {
    std::vector<std::string> ids = shuffled_ids;
    std::vector<SlideKeys> slides = shuffled_slides;
    const GenomicTable table = table_of(ids);
    const std::string told = story(GenomicJoin(table, rules_of("auto", rule)).audit(slides));
    std::sort(ids.begin(), ids.end());
    int orders = 0;
    do {
      std::rotate(slides.begin(), slides.begin() + 1, slides.end());
      const GenomicTable other = table_of(ids);
      ASSERT_EQ(story(GenomicJoin(other, rules_of("auto", rule)).audit(slides)), told);
      for (const SlideKeys& keys : slides) ASSERT_EQ(row_of(other, rules_of("auto", rule), keys), row_of(table, rules_of("auto", rule), keys));
      ++orders;
    } while (std::next_permutation(ids.begin(), ids.end()));
    EXPECT_EQ(orders, 720);
  }
}

TEST(JoinAudit, APatientWithOneSlideOfTwoInTheTableHasARow) {
  const JoinAudit audit = GenomicJoin(table_of({"s1"})).audit({{"s1", "P", ""}, {"s2", "P", ""}});
  EXPECT_EQ(audit.patients, 1U);
  EXPECT_EQ(audit.patients_without_row, 0U);
  EXPECT_EQ(audit.slides_without_row_count, 1U);
}

TEST(JoinIsRefused, WhenNobodyHasARow) {
  EXPECT_EQ(sentence_of<ModelError>([] { require_joined(GenomicJoin(table_of({"x"}), rules_of("tcga")).audit({{"s2", "p", ""}, {"s1", "q", ""}})); }),
            "wanted rows for the slides: none of the 2 slides has one, the first is 's1': check the ids of the table, or say with "
            "--genomics.keys or --genomics.map how they meet (keys are 'tcga')");
  EXPECT_NO_THROW(require_joined(GenomicJoin(table_of({"x"})).audit({}))) << "a task without slides";
}

TEST(JoinIsRefused, WhenMorePatientsThanAllowedHaveNone) {
  JoinAudit audit = GenomicJoin(table_of({"p1", "p2", "p3"})).audit({{"a", "p1", ""}, {"b", "p2", ""}, {"c", "p3", ""}, {"d", "p4", ""}, {"e", "p4", ""}});
  EXPECT_NO_THROW(require_joined(audit)) << "by default one row is enough";
  audit.max_missing_patients = 0.25;
  EXPECT_NO_THROW(require_joined(audit)) << "a quarter of the patients, though two slides of five";
  audit.max_missing_patients = 0.125;
  EXPECT_EQ(sentence_of<ModelError>([&] { require_joined(audit); }),
            "wanted rows for all but 12.5 % of the slides' patients: 1 of 4 have none, the first of their slides is 'd': check the ids "
            "and --genomics.keys, or allow more with --run.max_missing_patients");
}

}  // namespace
}  // namespace microtome
