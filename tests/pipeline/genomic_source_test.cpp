// SPDX-License-Identifier: Apache-2.0
// What a reader learns: which numbers a slide gets from a table on disk, that the order of its rows does not matter, and what is refused.
#include "pipeline/inputs/genomic_source.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "mil/model_error.h"
#include "pipeline/outputs/join_document.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_dir.h"

namespace microtome {
namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();

struct PatientRow {
  std::string id, patient;
  std::vector<float> values;
};

const std::vector<PatientRow> cohort{{"TCGA-AA-0001-01B", "TCGA-AA-0001", {0.1F, 2, nan}},  {"TCGA-AA-0001-01A", "TCGA-AA-0001", {1e7F, 4, nan}},
                                     {"TCGA-AA-0001-01C", "TCGA-AA-0001", {-1e7F, nan, nan}}, {"TCGA-AA-0002-11A", "TCGA-AA-0002", {7, 8, 9}},
                                     {"P3-old", "P3", {1, 2, 3}},                              {"nobody", "", {0, 0, 0}}};
const std::vector<SlideKeys> slides{{"TCGA-AA-0001-01Z-00-DX1", "TCGA-AA-0001", "TCGA-AA-0001-01"}, {"TCGA-AA-0002-01Z-00-DX1", "TCGA-AA-0002", ""}, {"s3", "P3", ""}, {"s4", "P4", ""}};

class GenomicSourceTest : public ::testing::Test {
 protected:
  std::filesystem::path write(const std::string& name, const std::vector<PatientRow>& rows) const {
    GenomicTable table;
    table.genes = {"TP53", "SEPT2", "ENSG3"};
    table.gene_columns["symbol"] = {"TP53", "SEPT2", "KRAS"};
    table.units = "zscore";
    for (const PatientRow& row : rows) {
      table.row_ids.push_back(row.id);
      table.row_columns["patient_id"].push_back(row.patient);
      table.values.insert(table.values.end(), row.values.begin(), row.values.end());
    }
    write_genomic_table(dir / name, table, MatrixEncoding::dense);
    return dir / name;
  }
  static std::string told(const GenomicSource& source) {
    JoinAudit audit = source.audit();
    audit.table_sha256.clear();
    return join_json({{"rna", audit}});
  }
  static std::vector<float> values(const GenomicSource& source, const SlideKeys& keys) {
    return source.input(keys, nullptr).values;
  }
  std::string refusal(const std::vector<SlideKeys>& of, const GenomicReading& reading, double max_missing_genes = 0,
                      const std::vector<std::string>& genes = {}) const {
    return sentence_of<ModelError>([&] { GenomicSource(dir / "t.h5ad", genes, "", max_missing_genes, of, reading); });
  }
  GenomicReading settled_by(const std::string& rule) const {
    GenomicReading reading;
    reading.duplicates = rule;
    return reading;
  }
  TempDir dir;
};

TEST_F(GenomicSourceTest, FirstBarcodeGivesTheRowOfTheSmallestId) {
  const GenomicSource source(write("t.h5ad", cohort), {}, "", 0, slides, settled_by("first-barcode"));
  EXPECT_EQ(values(source, slides[0])[0], 1e7F);
  EXPECT_EQ(values(source, slides[2]), (std::vector<float>{1, 2, 3}));
  EXPECT_FALSE(source.input(slides[3], nullptr).present);
  ModalityUse use;
  source.input(slides[0], &use);
  EXPECT_EQ(use.matched_by, "tcga-sample, first-barcode");
}

TEST_F(GenomicSourceTest, MeanIsOfWhatTheRowsMeasuredAndLeavesSingleRowsAsTheyAre) {
  const GenomicSource source(write("t.h5ad", cohort), {}, "", 0, slides, settled_by("mean"));
  const std::vector<float> mean = values(source, slides[0]);
  EXPECT_EQ(mean[0], static_cast<float>((1e7 + static_cast<double>(0.1F) - 1e7) / 3));
  EXPECT_EQ(mean[1], 3) << "of two, as the third row did not measure it";
  EXPECT_TRUE(std::isnan(mean[2]));
  EXPECT_EQ(values(source, slides[1]), (std::vector<float>{7, 8, 9}));
}

TEST_F(GenomicSourceTest, ShufflingTheRowsOfTheTableChangesNothing) {
  for (const std::string rule : {"first-barcode", "mean"}) {
    const GenomicSource source(write("t.h5ad", cohort), {}, "", 0, slides, settled_by(rule));
    std::vector<PatientRow> rows = cohort;
    for (int shuffle = 0; shuffle < 12; ++shuffle) {
      std::rotate(rows.begin(), rows.begin() + 1, rows.end());
      std::swap(rows[0], rows[1 + static_cast<std::size_t>(shuffle) % 4]);
      const GenomicSource other(write("s.h5ad", rows), {}, "", 0, slides, settled_by(rule));
      EXPECT_EQ(told(other), told(source));
      for (const SlideKeys& keys : slides) {
        const std::vector<float> a = values(source, keys), b = values(other, keys);
        ASSERT_EQ(a.size(), b.size());
        for (std::size_t g = 0; g < a.size(); ++g) EXPECT_TRUE(a[g] == b[g] || (std::isnan(a[g]) && std::isnan(b[g]))) << rule << " " << g;
      }
    }
  }
}

TEST_F(GenomicSourceTest, TheAuditSaysHowEachGeneWasFound) {
  write_text(dir / "aliases.csv", "former,approved\nSEPT2,SEPTIN2\n");
  GenomicReading reading = settled_by("mean");
  reading.aliases = dir / "aliases.csv";
  const GenomicSource source(write("t.h5ad", cohort), {"KRAS", "GONE", "TP53", "SEPTIN2"}, "zscore", 0.25, slides, reading);
  const JoinAudit& audit = source.audit();
  EXPECT_EQ(audit.genes_required, 4U);
  EXPECT_EQ(audit.genes_found, 3U);
  EXPECT_EQ(audit.genes_by_name(), 1U);
  EXPECT_EQ(audit.genes_by_symbol, 1U);
  EXPECT_EQ(audit.genes_aliased, (std::vector<std::pair<std::string, std::string>>{{"SEPTIN2", "SEPT2"}}));
  EXPECT_EQ(audit.genes_missing, (std::vector<std::string>{"GONE"}));
  EXPECT_EQ(values(source, slides[2])[0], 3);
  EXPECT_TRUE(std::isnan(values(source, slides[2])[1]));
}

TEST_F(GenomicSourceTest, AMapSaysWhichRowWhateverTheKeysSay) {
  write("t.h5ad", cohort);
  write_text(dir / "map.csv", "row_id,slide_id\nTCGA-AA-0001-01C,TCGA-AA-0001-01Z-00-DX1\nnobody,s4\n");
  GenomicReading reading;
  reading.map = dir / "map.csv";
  const GenomicSource source(dir / "t.h5ad", {}, "", 0, slides, reading);
  EXPECT_EQ(values(source, slides[0])[0], -1e7F);
  EXPECT_EQ(values(source, slides[3]), (std::vector<float>{0, 0, 0}));
  EXPECT_EQ(source.audit().matched_by.front(), (std::pair<std::string, std::size_t>("map", 2)));
  EXPECT_NE(source.recipe().find(" map "), std::string::npos);
  write_text(dir / "map.csv", "row_id,slide_id\nnobody,s3\nother,s4\n");
  EXPECT_EQ(refusal(slides, reading), (dir / "map.csv").string() + ": wanted ids of rows that the table has: 1 line names another, line 3: correct the map");
  write_text(dir / "map.csv", "row,slide\nnobody,s3\n");
  EXPECT_EQ(refusal(slides, reading), (dir / "map.csv").string() + ": wanted the columns row_id and slide_id or patient_id in the header row: add what is missing");
}

TEST_F(GenomicSourceTest, WhatChangesTheJoinChangesTheRecipe) {
  write("t.h5ad", cohort);
  const std::vector<SlideKeys> one{slides[2]};
  const auto recipe = [&](const GenomicReading& reading) { return GenomicSource(dir / "t.h5ad", {}, "", 0, one, reading).recipe(); };
  GenomicReading keyed;
  keyed.keys = "exact";
  EXPECT_EQ(recipe(keyed), recipe({}) + " keys exact");
  EXPECT_EQ(recipe(settled_by("mean")), recipe({}) + " duplicates mean");
  GenomicReading lenient;
  lenient.max_missing_patients = 0.5;
  EXPECT_EQ(recipe(lenient), recipe({})) << "what only refuses changes no result";
}

TEST_F(GenomicSourceTest, RefusalsAreSentencesThatNameTheTable) {
  const std::string where = write("t.h5ad", cohort).string() + ": genomic table: ";
  EXPECT_EQ(refusal(slides, {}).rfind(where + "find the row of slide TCGA-AA-0001-01Z-00-DX1: its sample has 3 rows", 0), 0U);
  EXPECT_EQ(refusal({{"s4", "P4", ""}}, {}), (dir / "t.h5ad").string() + ": wanted rows for the slides: none of the 1 slides has one, the first is 's4': check the ids of the "
                                                    "table, or say with --genomics.keys or --genomics.map how they meet (keys are 'auto')");
  GenomicReading strict = settled_by("first-barcode");
  strict.max_missing_patients = 0.2;
  EXPECT_EQ(refusal(slides, strict), (dir / "t.h5ad").string() + ": wanted rows for all but 20 % of the slides' patients: 1 of 4 have none, the first of their slides is 's4': "
                                           "check the ids and --genomics.keys, or allow more with --run.max_missing_patients");
  EXPECT_EQ(refusal({slides[2]}, {}, 0.4, {"TP53", "A"}).rfind(where + "find the 2 genes of the model: 1 are missing", 0), 0U);
}

TEST_F(GenomicSourceTest, ATaskIsJudgedByTheWholeArchive) {
  write("t.h5ad", cohort);
  GenomicReading task = settled_by("first-barcode");
  task.archive = slides;
  task.max_missing_patients = 0.25;
  const GenomicSource source(dir / "t.h5ad", {}, "", 0, {slides[3]}, task);
  EXPECT_EQ(source.audit().slides, 1U) << "its audit is of its own slides";
  EXPECT_EQ(source.audit().matched, 0U);
  task.max_missing_patients = 0.2;
  EXPECT_NE(refusal({slides[0]}, task).find("1 of 4 have none"), std::string::npos);
}

}  // namespace
}  // namespace microtome
