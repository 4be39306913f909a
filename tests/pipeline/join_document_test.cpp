// SPDX-License-Identifier: Apache-2.0
// What a reader learns: what join.json and the screen say of a join, and that neither names a row or a patient.
#include "pipeline/outputs/join_document.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace microtome {
namespace {

JoinAudit audit() {
  JoinAudit a;
  a.keys = "tcga";
  a.duplicates = "first-barcode";
  a.slides = 9;
  a.matched = 7;
  a.matched_by = {{"tcga-sample", 6}, {"tcga-patient", 1}};
  a.slides_without_row = {"s1", "s2"};
  a.slides_without_row_count = 2;
  a.patients = 8;
  a.patients_without_row = 2;
  a.rows = 40;
  a.rows_without_slide_count = 34;
  a.settled = {{"first-barcode", 3, 2, {"s3", "s4", "s5"}}, {"tcga-sample", 7, 7, {"a", "b", "c", "d", "e"}}};
  a.other_sample_count = 1;
  a.other_sample = {"s6"};
  a.genes_required = 10;
  a.genes_found = 8;
  a.genes_by_symbol = 1;
  a.genes_aliased = {{"SEPTIN2", "SEPT2"}};
  a.genes_missing = {"GONE", "LOST"};
  a.max_missing_genes = 0.25;
  a.table_sha256 = std::string(64, 'a');
  a.units = "zscore";
  return a;
}

TEST(JoinDocument, SaysWhoMetHowAndWhatIsMissing) {
  const auto document = nlohmann::json::parse(join_json({{"rna", audit()}}));
  EXPECT_EQ(document["schema_version"], 1);
  EXPECT_EQ(document["tables"].size(), 1U);
  const auto& table = document["tables"][0];
  EXPECT_EQ(table["name"], "rna");
  EXPECT_EQ(table["map_sha256"], nullptr);
  EXPECT_EQ(table["slides"]["matched_by"], (nlohmann::json{{"tcga-sample", 6}, {"tcga-patient", 1}}));
  EXPECT_EQ(table["slides"]["without_row_first"], (nlohmann::json{"s1", "s2"}));
  EXPECT_EQ(table["patients"], (nlohmann::json{{"all", 8}, {"without_row", 2}, {"share_without_row", 0.25}, {"share_allowed", 1.0}}));
  EXPECT_EQ(table["rows"], (nlohmann::json{{"all", 40}, {"used", 6}, {"without_slide", 34}}));
  EXPECT_EQ(table["settled"][0], (nlohmann::json{{"by", "first-barcode"}, {"patients", 2}, {"slides", 3}, {"slides_first", {"s3", "s4", "s5"}}}));
  EXPECT_EQ(table["genes"]["by_name"], 6);
  EXPECT_EQ(table["genes"]["aliased"], (nlohmann::json{{{"wanted", "SEPTIN2"}, {"found", "SEPT2"}}}));
  EXPECT_EQ(table["genes"]["missing_genes"], (nlohmann::json{"GONE", "LOST"}));
  EXPECT_EQ(table["genes"]["share_missing"], 0.2);
}

TEST(JoinDocument, TheScreenTellsTheSameInSixLines) {
  EXPECT_EQ(join_summary({{"rna", audit()}}),
            "table 'rna': 7 of 9 slides have a row (tcga-sample 6, tcga-patient 1); 8 of 10 features found; keys tcga\n"
            "  without a row: 2 slides, 2 of 8 patients (s1, s2)\n"
            "  without a slide: 34 of 40 rows\n"
            "  patients with several rows: 2 by first-barcode (s3, s4, s5); 7 by tcga-sample (a, b, c, d, e, ...)\n"
            "  look at this: 1 slides have their patient's row of another sample (s6)\n"
            "  features: 6 by name, 1 by symbol, 1 by alias (SEPTIN2 -> SEPT2); 2 missing (GONE, LOST)\n");
}

TEST(JoinDocument, WhatIsAllRightTakesOneLine) {
  JoinAudit a;
  a.keys = "auto";
  a.slides = a.matched = a.patients = a.rows = 3;
  a.matched_by = {{"map", 1}, {"patient_id", 2}};
  a.map_sha256 = "b";
  a.genes_required = a.genes_found = 60;
  EXPECT_EQ(join_summary({{"rna", a}}), "table 'rna': 3 of 3 slides have a row (map 1, patient_id 2); 60 of 60 features found; keys auto after a map\n");
  EXPECT_EQ(join_summary({}), "");
}

TEST(JoinDocument, ManyTablesStillFitTheScreen) {
  for (const std::size_t tables : {3U, 4U, 20U, 50U}) {
    const std::string text = join_summary(std::vector<JoinedTable>(tables, {"rna", audit()}));
    EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 20) << tables;
    EXPECT_EQ(text.find("more tables") != std::string::npos, tables == 50) << tables;
  }
  EXPECT_NE(join_summary(std::vector<JoinedTable>(50, {"rna", audit()})).find("and 31 more tables: see join.json\n"), std::string::npos);
}

}  // namespace
}  // namespace microtome
