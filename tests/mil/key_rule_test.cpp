// SPDX-License-Identifier: Apache-2.0
// A reader learns what each rule reads in an id, and what is no rule.
#include "mil/genomics/key_rule.h"

#include <gtest/gtest.h>

#include "mil/genomics/join_map.h"
#include "mil/model_error.h"
#include "scratch_folder.h"

namespace microtome {
namespace {

std::string parts(const std::string& rule, const std::string& id) {
  const IdParts parts = KeyRule(rule).parts(id);
  return parts.patient + "|" + parts.sample + "|" + parts.slide;
}

TEST(KeyRule, TcgaReadsPatientSampleAndSlideOfABarcode) {
  EXPECT_EQ(parts("tcga", "TCGA-05-4244-01Z-00-DX1.d4ff32cd-38cf-40ea-8213-45c2b100ac01.svs"), "TCGA-05-4244|TCGA-05-4244-01|TCGA-05-4244-01Z-00-DX1");
  EXPECT_EQ(parts("tcga", "lung/TCGA-05-4244-01Z-00-DX1"), "TCGA-05-4244|TCGA-05-4244-01|TCGA-05-4244-01Z-00-DX1") << "below folders";
  EXPECT_EQ(parts("tcga", "TCGA-02-0001-01C-01-TSA"), "TCGA-02-0001|TCGA-02-0001-01|TCGA-02-0001-01C-01-TSA") << "a letter at the end";
  EXPECT_EQ(parts("tcga", "TCGA-05-4244-01A-01R-1858-07"), "TCGA-05-4244|TCGA-05-4244-01|") << "an aliquot is no slide";
  EXPECT_EQ(parts("auto", "tcga-2f-a9ko"), "TCGA-2F-A9KO||") << "participants are letters and digits";
  EXPECT_EQ(parts("exact", "TCGA-05-4244"), "||");
}

TEST(KeyRule, CptacReadsTheCaseAndTheSlide) {
  EXPECT_EQ(parts("cptac", "C3L-00001-21"), "C3L-00001||C3L-00001-21");
  EXPECT_EQ(parts("cptac", "c3n-00203-22.svs"), "C3N-00203||C3N-00203-22");
  EXPECT_EQ(parts("cptac", " C3L-00001 "), "C3L-00001||");
  EXPECT_EQ(parts("cptac", "C3L-00001-T"), "C3L-00001||") << "a tumour's aliquot";
  for (const char* other : {"", "C3L-0001", "C3L-000011", "C3X-00001", "C3L_00001", "TCGA-05-4244", "xC3L-00001"}) {
    EXPECT_EQ(parts("cptac", other), "||") << other;
  }
}

TEST(KeyRule, NamedGroupsReadTheIdsOfAHospital) {
  const std::string rule = R"(regex:^(?<patient>P\d+)(?:-(?<sample>\d+))?(?:-(?<slide>[A-Z]))?$)";
  EXPECT_EQ(parts(rule, "P007"), "P007||") << "leading zeros stay";
  EXPECT_EQ(parts(rule, "P007-1"), "P007|P007/1|") << "sample 1 of P7 is another";
  EXPECT_EQ(parts(rule, "P007-1-A.svs"), "P007|P007/1|P007/1/A") << "a slide's extension is no part of its id";
  EXPECT_EQ(parts(rule, "p007"), "||") << "case counts";
  EXPECT_EQ(parts("regex:(?P<slide>S\\d+)", "old S12 scan"), "||S12") << "anywhere, and in Python's spelling";
  EXPECT_EQ(parts("regex:(?<patient>A\\d)|(?<patient>B\\d)", "B3"), "B3||") << "two hospitals in one pattern";
  EXPECT_EQ(parts("regex:(?<patient>.+)-", "M\xC3\xBCller-1"), "M\xC3\xBCller||");
  EXPECT_EQ(parts("regex:(?<patient>\\w+)", "\xFF\xFEP1"), "P1||") << "bytes that are no UTF-8 are no letters";
}

TEST(KeyRule, WhatIsNoRuleIsASentence) {
  EXPECT_EQ(key_rule_problem("auto"), "");
  EXPECT_EQ(key_rule_problem("tgca"), "genomics.keys: wanted auto, exact, tcga, cptac or regex:<pattern>, got 'tgca'");
  EXPECT_EQ(key_rule_problem("regex:(?<patient>P"),
            "genomics.keys: wanted a regular expression, got 'regex:(?<patient>P': missing closing parenthesis at character 12");
  const std::string groups = "genomics.keys: wanted a regular expression with one or more of the groups (?<patient>...), (?<sample>...), (?<slide>...), got ";
  EXPECT_EQ(key_rule_problem("regex:P(\\d+)"), groups + "'regex:P(\\d+)'");
  EXPECT_EQ(key_rule_problem("regex:(?<pateint>P)"), groups + "'regex:(?<pateint>P)'");
  EXPECT_EQ(key_rule_problem("regex:"), groups + "'regex:'");
}

TEST(KeyRule, APatternThatRunsAwayIsStopped) {
  const KeyRule rule("regex:^(?<patient>(a+)+)$");
  EXPECT_EQ(sentence_of<ModelError>([&] { rule.parts(std::string(40, 'a') + "b"); }),
            "genomics.keys: search an id of 41 characters: match limit exceeded: write a simpler regular expression");
}

TEST(ComparableId, BlanksExtensionsAndTheCaseOfAUuidDoNotCount) {
  EXPECT_EQ(comparable_id(" TCGA-2F-A9KO-01Z-00-DX1.195576CF-B739-4BD9-B15B-4A70AE287D3E.svs\r"),
            "TCGA-2F-A9KO-01Z-00-DX1.195576cf-b739-4bd9-b15b-4a70ae287d3e");
  EXPECT_EQ(comparable_id("a.SVS"), "a");
  EXPECT_EQ(comparable_id("a.b"), "a.b");
  EXPECT_EQ(comparable_id("P05"), "P05") << "a leading zero is part of an id, and so is case";
  EXPECT_EQ(comparable_id("X195576CF-B739-4BD9-B15B-4A70AE287D3E"), "X195576CF-B739-4BD9-B15B-4A70AE287D3E") << "no UUID of its own";
}

class JoinMapTest : public ::testing::Test {
 protected:
  std::string refusal(const std::string& text) {
    write_bytes(folder / "map.csv", text);
    const std::string sentence = sentence_of<ModelError>([&] { read_join_map(folder / "map.csv"); });
    const std::string path = (folder / "map.csv").string();
    EXPECT_EQ(sentence.rfind(path, 0), 0U) << sentence;
    return sentence.substr(std::min(path.size(), sentence.size()));
  }
  ScratchFolder folder;
};

TEST_F(JoinMapTest, ColumnsComeInAnyOrderAndTheSlideOutweighsThePatient) {
  write_bytes(folder / "map.tsv", "\xEF\xBB\xBFrow_id\tnote\tpatient_id\tslide_id\r\n r1 \t\tP1\ts1.svs\r\nr2\t\tP1\t\r\n\r\nr1\t\t\ts2\r\n");
  const JoinMap map = read_join_map(folder / "map.tsv");
  ASSERT_EQ(map.by_slide.size(), 2U);
  EXPECT_EQ(map.by_slide.at("s1").row_id, "r1");
  EXPECT_EQ(map.by_slide.at("s2").line, 5U);
  ASSERT_EQ(map.by_patient.size(), 1U);
  EXPECT_EQ(map.by_patient.at("P1").row_id, "r2");
  EXPECT_EQ(map.sha256.size(), 64U);
}

TEST_F(JoinMapTest, RefusalsNameTheLineAndNoHospitalsId) {
  const std::string columns = ": wanted the columns row_id and slide_id or patient_id in the header row: add what is missing";
  EXPECT_EQ(refusal(""), columns);
  EXPECT_EQ(refusal("slide_id,row\ns1,r1\n"), columns);
  EXPECT_EQ(refusal("row_id,sample_id\nr1,s1\n"), columns);
  EXPECT_EQ(refusal("slide_id,row_id\n"), ": wanted slides or patients and their rows: there is only a header: add them");
  EXPECT_EQ(refusal("slide_id,row_id\ns1,r1\ns1.svs,r2\n"),
            ": line 3, column slide_id: wanted each slide once, this one is on line 2 too: leave one out");
  EXPECT_EQ(refusal("patient_id,row_id\nP1,r1\nP2,r1\nP1,r1\n"),
            ": line 4, column patient_id: wanted each patient once, this one is on line 2 too: leave one out");
  EXPECT_EQ(refusal("slide_id,row_id\ns1,\n"), ": line 2, column row_id: wanted the id of a row, got nothing: fill it in or leave the line out");
  EXPECT_EQ(refusal("slide_id,row_id\n,r1\n"), ": line 2, column slide_id: wanted an id, got nothing: fill it in or leave the line out");
  EXPECT_NE(sentence_of<ModelError>([&] { read_join_map(folder / "none.csv"); }).find("none.csv"), std::string::npos);
}

}  // namespace
}  // namespace microtome
