// SPDX-License-Identifier: Apache-2.0
// A reader learns how slides find their genomic rows: by id in order of trust, never by position, and never by choosing among several.
#include "mil/genomics/join.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "mil/model_error.h"
#include "scratch_folder.h"

namespace microtome {
namespace {

GenomicTable table_of(const std::vector<std::string>& ids, const std::vector<std::string>& patients = {}) {
  GenomicTable table;
  table.row_ids = ids;
  if (!patients.empty()) table.row_columns["patient_id"] = patients;
  table.sha256 = "abc";
  return table;
}

std::string way(const GenomicTable& table, const SlideKeys& keys) {
  const auto match = GenomicJoin(table).find(keys);
  return match ? match->matched_by + " " + std::to_string(match->row) : "none";
}

TEST(GenomicJoin, TheWaysAreTriedInOrderOfTrust) {
  const GenomicTable table = table_of({"slide", "patient", "sample"});
  EXPECT_EQ(way(table, {"slide", "patient", "sample"}), "sample_id 2");
  EXPECT_EQ(way(table, {"slide", "patient", "other"}), "patient_id 1");
  EXPECT_EQ(way(table, {"slide", "other", "other"}), "slide_id 0");
  EXPECT_EQ(way(table, {"other", "other", "other"}), "none");
  EXPECT_EQ(way(table, {"", "", ""}), "none");
}

TEST(GenomicJoin, IdsAreComparedWithoutBlanksAtTheirEnds) {
  EXPECT_EQ(way(table_of({" p1\t"}), {"s", "p1 ", ""}), "patient_id 0");
  EXPECT_EQ(way(table_of({"p1"}), {"s", "P1", ""}), "none") << "case tells ids apart";
  EXPECT_EQ(way(table_of({"  ", "p1"}), {"s", " ", ""}), "none") << "an unknown id is no key";
}

TEST(GenomicJoin, APatientIsFoundThroughTheObsColumnOfOneRow) {
  const GenomicTable table = table_of({"a1", "a2", "a3"}, {"p1", "p2", "p2"});
  EXPECT_EQ(way(table, {"s", "p1", ""}), "patient_id 0");
  EXPECT_EQ(way(table, {"s", "p2", "a3"}), "sample_id 2") << "the sample says which of the patient's rows";
}

TEST(GenomicJoin, SeveralRowsOfOnePatientAreAnErrorThatCountsThem) {
  const GenomicTable table = table_of({"a0", "a1", "a2", "a3"}, {"p1", "p2", "p2", "p2"});
  EXPECT_EQ(
      sentence_of<ModelError>([&] {
        GenomicJoin(table).find({"slide7", "p2", ""});
      }),
      "genomic table: find the row of slide slide7: its patient has 3 rows, the first at positions 1 and 2 (counted from 0): keep one "
      "row per patient, give the slide a sample_id, or say with --genomics.duplicates which counts");
  const GenomicTable both = table_of({"p1", "a1"}, {"", "p1"});
  EXPECT_THROW(GenomicJoin(both).find({"s", "p1", ""}), ModelError) << "one row by id, another by column";
}

TEST(GenomicJoin, OneRowNamedByItsIdAndItsColumnIsOneRow) { EXPECT_EQ(way(table_of({"p1"}, {"p1"}), {"s", "p1", ""}), "patient_id 0"); }

TEST(GenomicJoin, ARepeatedPatientOutsideTheArchiveIsNobodysBusiness) {
  const GenomicTable table = table_of({"a0", "a1", "a2"}, {"p1", "p2", "p2"});
  const JoinAudit audit = GenomicJoin(table).audit({{"s", "p1", ""}});
  EXPECT_EQ(audit.matched, 1U);
  EXPECT_EQ(audit.rows_without_slide_count, 2U);
  EXPECT_THROW(GenomicJoin(table).audit({{"s", "p1", ""}, {"t", "p2", ""}}), ModelError);
}

TEST(GenomicJoin, BarcodesPreferTheSampleTypeOfTheSlide) {
  const std::string slide = "TCGA-05-4244-01Z-00-DX1.d4ff32cd-38cf-40ea-8213-45c2b100ac01";
  EXPECT_EQ(way(table_of({"TCGA-05-4244-11A", "TCGA-05-4244-01A"}), {slide, "", ""}), "tcga-sample 1") << "vial Z meets vial A";
  EXPECT_EQ(way(table_of({"TCGA-05-4244-11A", "TCGA-05-4244-01A"}), {slide, "TCGA-05-4244", ""}), "tcga-sample 1");
  EXPECT_EQ(way(table_of({"TCGA-05-4244-11A-01R-1858-07"}), {slide, "", ""}), "tcga-patient 0") << "only a normal: said so by its way";
  EXPECT_EQ(way(table_of({"TCGA-05-4244"}), {slide, "", ""}), "tcga-patient 0");
  EXPECT_EQ(way(table_of({"TCGA-05-4245-01A"}), {slide, "", ""}), "none");
  EXPECT_EQ(way(table_of({"x"}, {"TCGA-05-4244"}), {slide, "", ""}), "tcga-patient 0") << "through the obs column";
}

TEST(GenomicJoin, TwoAliquotsOfOneSampleOrTwoOtherSamplesAreAmbiguous) {
  const SlideKeys keys{"TCGA-05-4244-01Z-00-DX1", "", ""};
  EXPECT_THROW(GenomicJoin(table_of({"TCGA-05-4244-01A", "TCGA-05-4244-01B"})).find(keys), ModelError);
  EXPECT_THROW(GenomicJoin(table_of({"TCGA-05-4244-06A", "TCGA-05-4244-11A"})).find(keys), ModelError);
}

TEST(GenomicJoin, ATableWithOneRowPerSlideIsJoinedBySlide) {
  const GenomicTable table = table_of({"TCGA-05-4244-01Z-00-DX1", "TCGA-05-4244-01Z-00-DX2"});
  EXPECT_EQ(way(table, {"TCGA-05-4244-01Z-00-DX2", "", ""}), "slide_id 1");
}

TEST(GenomicJoin, TheManifestOutweighsTheNameOfTheSlide) {
  const GenomicTable table = table_of({"TCGA-05-4244-01A", "TCGA-05-4245-01A"});
  EXPECT_EQ(way(table, {"TCGA-05-4244-01Z-00-DX1", "TCGA-05-4245", ""}), "tcga-patient 1");
  EXPECT_EQ(way(table, {"TCGA-05-4244-01Z-00-DX1", "TCGA-99-9999", ""}), "none");
}

TEST(GenomicJoin, ABarcodeCannotSettleWhatThePatientLeftOpen) {
  const GenomicTable table = table_of({"TCGA-05-4244", "x"}, {"p1", "p1"});
  EXPECT_THROW(GenomicJoin(table).find({"TCGA-05-4244-01Z-00-DX1", "p1", ""}), ModelError);
}

TEST(GenomicJoin, ShufflingTheTableFindsTheSamePatients) {
  std::vector<std::string> ids;
  for (int i = 0; i < 200; ++i) ids.push_back("p" + std::to_string(i));
  std::vector<std::string> shuffled = ids;
  for (std::size_t i = 0; i < shuffled.size(); ++i) std::swap(shuffled[i], shuffled[(i * 7919 + 13) % shuffled.size()]);
  ASSERT_NE(ids, shuffled);
  const GenomicTable a = table_of(ids);
  const GenomicTable b = table_of(shuffled);
  for (int i = 0; i < 220; i += 3) {
    const SlideKeys keys{"s", "p" + std::to_string(i), ""};
    const auto in_a = GenomicJoin(a).find(keys);
    const auto in_b = GenomicJoin(b).find(keys);
    ASSERT_EQ(in_a.has_value(), i < 200);
    ASSERT_EQ(in_a.has_value(), in_b.has_value());
    if (in_a) {
      ASSERT_EQ(a.row_ids[in_a->row], b.row_ids[in_b->row]);
    }
  }
}

TEST(GenomicJoin, TheAuditCountsWaysAndNamesTheFirstSlidesWithoutRow) {
  std::vector<SlideKeys> slides{{"s1", "p1", ""}, {"s2", "p1", ""}, {"TCGA-05-4244-01Z", "", ""}, {"s3", "", "x"}};
  for (int i = 0; i < 25; ++i) slides.push_back({"lost" + std::to_string(i), "nobody", ""});
  const GenomicTable table = table_of({"p1", "TCGA-05-4244", "x", "y", "z"});
  const JoinAudit audit = GenomicJoin(table).audit(slides);
  EXPECT_EQ(audit.slides, 29U);
  EXPECT_EQ(audit.matched, 4U);
  EXPECT_EQ(audit.matched_by, (std::vector<std::pair<std::string, std::size_t>>{{"sample_id", 1}, {"patient_id", 2}, {"tcga-patient", 1}}));
  EXPECT_EQ(audit.slides_without_row_count, 25U);
  EXPECT_EQ(audit.patients, 4U) << "p1, nobody, the barcode's, and s3, which names none";
  EXPECT_EQ(audit.patients_without_row, 1U);
  EXPECT_EQ(audit.rows, 5U);
  ASSERT_EQ(audit.slides_without_row.size(), 20U);
  EXPECT_EQ(audit.slides_without_row.front(), "lost0");
  EXPECT_EQ(audit.rows_without_slide_count, 2U);
  EXPECT_EQ(audit.table_sha256, "abc");
}

TEST(TcgaBarcode, PatientsAreTwelveCharactersAndSamplesFifteen) {
  EXPECT_EQ(tcga_patient("TCGA-05-4244-01Z-00-DX1.9fce0297"), "TCGA-05-4244");
  EXPECT_EQ(tcga_patient("tcga-2f-a9ko"), "TCGA-2F-A9KO");
  EXPECT_EQ(tcga_sample("TCGA-05-4244-01Z-00-DX1.9fce0297"), "TCGA-05-4244-01");
  EXPECT_EQ(tcga_sample("TCGA-BA-4074-01"), "TCGA-BA-4074-01");
  for (const char* other : {"", "TCGA", "TCGA-05-424", "TCGA-05-42445", "TCGA-0-54244", "TCGX-05-4244", "C3L-00001-21", "xTCGA-05-4244"}) {
    EXPECT_EQ(tcga_patient(other), std::nullopt) << other;
  }
  for (const char* other :
       {"TCGA-05-4244", "TCGA-05-4244-", "TCGA-05-4244-1", "TCGA-05-4244-0AZ", "TCGA-05-4244-012", "TCGA-05-4244-01AB"}) {
    EXPECT_EQ(tcga_sample(other), std::nullopt) << other;
  }
}

TEST(MatchGenes, GivesTheColumnOfEachGeneOrMinusOne) {
  GenomicTable table;
  table.genes = {"TP53", "KRAS", " EGFR"};
  EXPECT_EQ(match_genes(table, {"EGFR", "MUT", "TP53", "KRAS "}, 0.25).columns, (std::vector<std::int64_t>{2, -1, 0, 1}));
  EXPECT_EQ(match_genes(table, {}, 0).columns, std::vector<std::int64_t>{});
}

TEST(MatchGenes, MoreThanTheAllowedShareMissingIsRefusedByName) {
  GenomicTable table;
  table.genes = {"TP53"};
  EXPECT_EQ(
      sentence_of<ModelError>([&] {
        match_genes(table, {"A", "TP53", "B"}, 0.5);
      }),
      "genomic table: find the 3 genes of the model: 2 are missing, more than the allowed share (A, B): check that the table uses the "
      "model's gene names, or give a list of aliases with --genomics.aliases");
  std::vector<std::string> hundred;
  for (int i = 0; i < 100; ++i) hundred.push_back(i < 71 ? "TP53" : "G" + std::to_string(i));
  EXPECT_NO_THROW(match_genes(table, hundred, 0.29));
  EXPECT_THROW(match_genes(table, hundred, 0.28), ModelError);
}

TEST(MatchGenes, ASymbolStandsForItsGeneWhereItIsAlone) {
  GenomicTable table;
  table.genes = {"ENSG1", "ENSG2", "ENSG3"};
  table.gene_columns["symbol"] = {"TP53", "TWIN", "TWIN"};
  const GeneMatch match = match_genes(table, {"TP53", "TWIN", "ENSG3"}, 0.5);
  EXPECT_EQ(match.columns, (std::vector<std::int64_t>{0, -1, 2}));
  EXPECT_EQ(match.by_symbol, 1U);
  EXPECT_EQ(match.missing, (std::vector<std::string>{"TWIN"}));
}

TEST(MatchGenes, OldAndNewSymbolsMeetThroughTheUsersAliases) {
  GenomicTable table;
  table.genes = {"SEPT2", "MUT", "KRAS"};
  GeneAliases aliases;
  aliases.add_approved("SEPTIN2");
  aliases.add("SEPT2", "SEPTIN2");
  aliases.add("MUT", "MMUT");
  const GeneMatch match = match_genes(table, {"SEPTIN2", "MMUT", "KRAS"}, 0, &aliases);
  EXPECT_EQ(match.columns, (std::vector<std::int64_t>{0, 1, 2}));
  EXPECT_EQ(match.aliased, (std::vector<std::pair<std::string, std::string>>{{"SEPTIN2", "SEPT2"}, {"MMUT", "MUT"}}));
  table.genes = {"SEPTIN2", "MMUT", "KRAS"};
  EXPECT_EQ(match_genes(table, {"SEPT2", "MUT", "KRAS"}, 0, &aliases).columns, (std::vector<std::int64_t>{0, 1, 2})) << "whichever side is older";
  EXPECT_THROW(match_genes(table, {"SEPT2"}, 0), ModelError) << "without aliases nothing is guessed";
}

TEST(GeneAliases, AFormerSymbolOfTwoGenesStandsForNeither) {
  GeneAliases aliases;
  aliases.add("SEP2", "SEPTIN2");
  aliases.add("SEP2", "OTHER");
  EXPECT_EQ(aliases.approved("SEP2"), "SEP2");
}

TEST(GeneAliases, HgncsListIsReadAndPreviousSymbolsOutweighAliases) {
  const ScratchFolder folder;
  write_bytes(folder / "hgnc.tsv",
              "hgnc_id\tsymbol\talias_symbol\tprev_symbol\n"
              "HGNC:1\tSEPTIN2\t\"DIFF6|hNedd5\"\t\"NEDD5|SEPT2\"\n"
              "HGNC:2\tMMUT\tSEPT2\tMUT\n"
              "HGNC:3\tOLD\t\t\n"
              "HGNC:4\tNEW\t\tOLD\n");
  const GeneAliases aliases = read_gene_aliases(folder / "hgnc.tsv");
  EXPECT_EQ(aliases.approved("SEPT2"), "SEPTIN2") << "its alias of MMUT is weaker";
  EXPECT_EQ(aliases.approved("hNedd5"), "SEPTIN2");
  EXPECT_EQ(aliases.approved("MUT"), "MMUT");
  EXPECT_EQ(aliases.approved("OLD"), "OLD") << "approved for a gene of its own";
  write_bytes(folder / "pairs.csv", "former,approved\nMARCH1,MARCHF1\n");
  EXPECT_EQ(read_gene_aliases(folder / "pairs.csv").approved("MARCH1"), "MARCHF1");
  write_bytes(folder / "one.csv", "symbol\nTP53\n");
  EXPECT_EQ(sentence_of<ModelError>([&] { read_gene_aliases(folder / "one.csv"); }),
            (folder / "one.csv").string() +
                ": read as a list of gene aliases: it has neither symbol and prev_symbol nor two columns: give HGNC's "
                "complete set, or a table with the columns former and approved");
}

}  // namespace
}  // namespace microtome
