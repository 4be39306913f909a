// SPDX-License-Identifier: Apache-2.0
// A reader learns what an import makes of each format, and that every known trap of these formats ends in a right table or in a sentence.
#include "mil/genomics/import/import.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cmath>

#include "mil/genomics/import/gene_names.h"
#include "mil/genomics/import/text_file.h"
#include "mil/model_error.h"
#include "scratch_folder.h"

namespace microtome {
namespace {

using Texts = std::vector<std::string>;

class GenomicImport : public ::testing::Test {
 protected:
  ImportRequest request_of(const std::string& from, const std::string& text) {
    write_bytes(folder / "in", text);
    ImportRequest request;
    request.from = from;
    request.inputs = {folder / "in"};
    return request;
  }
  std::vector<ImportedTable> import(const std::string& from, const std::string& text) { return import_genomics(request_of(from, text)); }
  /// Without the path of the scratch folder.
  std::string refusal(const ImportRequest& request) {
    std::string sentence = sentence_of<ModelError>([&] { import_genomics(request); });
    const std::string place = (folder / "").string();
    for (std::size_t at = sentence.find(place); at != std::string::npos; at = sentence.find(place)) sentence.erase(at, place.size());
    return sentence;
  }
  std::string refusal(const std::string& from, const std::string& text) { return refusal(request_of(from, text)); }

  ScratchFolder folder;
};

bool remarked(const ImportedTable& imported, const std::string& remark) {
  for (const std::string& said : imported.remarks) {
    if (said.find(remark) != std::string::npos) return true;
  }
  return false;
}

const std::string mcat =
    ",Unnamed: "
    "0,case_id,slide_id,site,is_female,oncotree_code,age,survival_months,censorship,train,TP53_rnaseq,MUT_rnaseq,TP53_cnv,MUT,KRAS_mut\n"
    "0,0,TCGA-05-4249,TCGA-05-4249-01Z-00-DX1.9fce.svs,5,0.0,LUAD,67.0,50.03,1.0,1,-0.5,1.25,-2,1,0\n"
    "1,1,TCGA-05-4249,TCGA-05-4249-01Z-00-DX2.8aaa.svs,5,0,LUAD,67,50.03,1,1,-0.5,1.25,-2,1,0\n"
    "2,2,TCGA-2F-A9KO,TCGA-2F-A9KO-01Z-00-DX1.7bbb.svs,2F,1.0,LUAD,,3.98,0.0,0,NA,0.5,1,0,1\n";

TEST_F(GenomicImport, McatBecomesOneTableAModalityWithARowAPatient) {
  const auto tables = import("mcat", mcat);
  ASSERT_EQ(tables.size(), 3U);
  const GenomicTable& rnaseq = tables[0].table;
  EXPECT_EQ(rnaseq.row_ids, (Texts{"TCGA-05-4249", "TCGA-2F-A9KO"}));
  EXPECT_EQ(rnaseq.genes, (Texts{"TP53", "MUT"})) << "MUT is a gene, not a suffix";
  EXPECT_EQ(rnaseq.values[0], -0.5F);
  EXPECT_TRUE(std::isnan(rnaseq.values[2])) << "NA is missing, not 0";
  EXPECT_EQ(rnaseq.units, "zscore");
  EXPECT_EQ(rnaseq.row_columns.at("slides"),
            (Texts{"TCGA-05-4249-01Z-00-DX1.9fce;TCGA-05-4249-01Z-00-DX2.8aaa", "TCGA-2F-A9KO-01Z-00-DX1.7bbb"}));
  EXPECT_TRUE(remarked(tables[0], "3 slides became 2 patients"));
  EXPECT_EQ(tables[1].table.units, "cn_gistic");
  EXPECT_EQ(tables[1].table.values, (std::vector<float>{-2, 1}));
  EXPECT_EQ(tables[2].table.modality, "mut");
  EXPECT_EQ(tables[2].table.genes, (Texts{"MUT", "KRAS"})) << "a bare symbol is a mutation";
  EXPECT_EQ(tables[2].table.values, (std::vector<float>{1, 0, 0, 1}));
}

TEST_F(GenomicImport, CensorshipIsTurnedIntoEventsAndThatIsSaid) {
  const GenomicTable table = import("mcat", mcat)[0].table;
  EXPECT_EQ(table.row_numbers.at("event"), (std::vector<double>{0, 1}));
  EXPECT_FALSE(table.row_numbers.contains("censorship"));
  EXPECT_EQ(table.row_numbers.at("survival_months"), (std::vector<double>{50.03, 3.98}));
  EXPECT_TRUE(std::isnan(table.row_numbers.at("age")[1]));
  EXPECT_NE(table.notes.at("event").find("1 - censorship"), std::string::npos);
}

TEST_F(GenomicImport, ASiteThatLostItsZeroIsRestored) {
  const auto tables = import("mcat", mcat);
  EXPECT_EQ(tables[0].table.row_columns.at("site"), (Texts{"05", "2F"}));
  EXPECT_TRUE(remarked(tables[0], "1 site had lost a leading zero"));
}

TEST_F(GenomicImport, SlidesOfAPatientThatDifferAreRefusedByLineAndColumn) {
  std::string text = mcat;
  text.replace(text.find("1,1,-0.5,1.25,-2,1,0\n2,2"), 8, "1,1,-0.7");
  EXPECT_EQ(refusal("mcat", text),
            "in: take the slides of a patient together: lines 2 and 3 differ in TP53_rnaseq: keep one value a patient");
  text = mcat;
  text.replace(text.find("50.03,1,1"), 5, "51.03");
  EXPECT_NE(refusal("mcat", text).find("lines 2 and 3 differ in survival_months"), std::string::npos);
}

TEST_F(GenomicImport, ANonNumericCellIsNamedByLineAndColumn) {
  std::string text = mcat;
  text.replace(text.find(",1.25,-2,1,0\n1,1"), 5, ",high");
  EXPECT_EQ(refusal("mcat", text), "in: line 2, column MUT_rnaseq: wanted a number, got 'high': write NA where nothing was measured");
  EXPECT_EQ(refusal("mcat", "case_id\tTP53_rnaseq\np1\t0,5\n"),
            "in: line 2, column TP53_rnaseq: wanted a number, got '0,5': write decimals with a point");
  EXPECT_NE(refusal("mcat", "case_id,TP53_rnaseq\np1,inf\n").find("wanted a number, got 'inf'"), std::string::npos);
  EXPECT_NE(refusal("mcat", "case_id,TP53_rnaseq\np1,1,2\n").find("in: line 2: wanted 2 cells as in the header: there are 3"),
            std::string::npos);
  EXPECT_NE(refusal("mcat", "case_id,TP53\np1,0.5\n").find("column TP53: wanted a mutation, 0 or 1"), std::string::npos);
  EXPECT_NE(refusal("mcat", "case_id,censorship,TP53\np1,2,1\n").find("line 2, column censorship: wanted 0 or 1"), std::string::npos);
  EXPECT_NE(refusal("mcat", "case_id,survival_months,TP53\np1,-2,1\n").find("column survival_months: wanted months from 0 on"),
            std::string::npos);
  EXPECT_NE(refusal("mcat", "patient,TP53\np1,1\n").find("find the column case_id"), std::string::npos);
}

TEST_F(GenomicImport, MissingIsWrittenInManyWays) {
  for (const std::string word : {"", "NA", "NaN", "nan", "null", ".", " NA "}) {
    EXPECT_TRUE(std::isnan(import("mcat", "case_id,A_rnaseq,B_rnaseq\np1," + word + ",1\n")[0].table.values[0])) << word;
  }
  EXPECT_EQ(import("mcat", "\xEF\xBB\xBF\"case_id\",\"A_rnaseq\"\r\n\"p1\",\"1e-60\"\r\n\r\n")[0].table.values, (std::vector<float>{0}))
      << "BOM, CRLF, quotes, and a number too small for float";
}

TEST_F(GenomicImport, TheSideOfAMatrixIsTakenFromBarcodesOrAsked) {
  ImportRequest request = request_of("matrix", "gene\tTCGA-05-4249-01A\tTCGA-05-4250-01A\nTP53\t1.5\t2\nKRAS\t0\t4\n");
  request.units = "tpm";
  const GenomicTable table = import_genomics(request)[0].table;
  EXPECT_EQ(table.row_ids, (Texts{"TCGA-05-4249-01A", "TCGA-05-4250-01A"}));
  EXPECT_EQ(table.values, (std::vector<float>{1.5, 0, 2, 4}));
  EXPECT_EQ(table.row_columns.at("patient_id"), (Texts{"TCGA-05-4249", "TCGA-05-4250"}));
  EXPECT_EQ(table.row_columns.at("sample_type"), (Texts{"01", "01"}));
  request = request_of("matrix", "id,ENSG00000141510,ENSG00000133703\np1,1,0\np2,2,4\n");
  request.units = "tpm";
  EXPECT_EQ(import_genomics(request)[0].table.values, (std::vector<float>{1, 0, 2, 4}));
  request = request_of("matrix", "id,TP53,KRAS\np1,1,0\n");
  request.units = "tpm";
  EXPECT_EQ(refusal(request),
            "in: wanted to know whether genes or samples are in rows: neither side alone holds TCGA barcodes or Ensembl ids: give "
            "--import.orientation genes-in-rows or samples-in-rows");
  request.orientation = "samples-in-rows";
  EXPECT_EQ(import_genomics(request)[0].table.genes, (Texts{"TP53", "KRAS"}));
  request.orientation = "genes-in-rows";
  EXPECT_EQ(import_genomics(request)[0].table.row_ids, (Texts{"TP53", "KRAS"})) << "what the user says counts";
}

TEST_F(GenomicImport, TheCohortsMeanAndDeviationTravelWithMeasurementsButNotWithZScores) {
  ImportRequest request = request_of("matrix", "sample,A,B,C,D\nS1,1,4,NA,0\nS2,2,4,7,NA\nS3,6,4,NA,NA\n");
  request.orientation = "samples-in-rows";
  request.units = "tpm";
  const GenomicTable measured = import_genomics(request)[0].table;
  ASSERT_EQ(measured.reference_mean.size(), 4U);
  EXPECT_EQ(std::vector<double>(measured.reference_mean.begin(), measured.reference_mean.end()), (std::vector<double>{3, 4, 7, 0}));
  EXPECT_DOUBLE_EQ(measured.reference_sd[0], std::sqrt(7.0)) << "(4 + 1 + 9) / 2";
  EXPECT_EQ(measured.reference_sd[1], 0);
  EXPECT_TRUE(std::isnan(measured.reference_sd[2])) << "one value has no deviation";
  request.units = "zscore";
  EXPECT_TRUE(import_genomics(request)[0].table.reference_mean.empty());
}

TEST_F(GenomicImport, UnitsAreAskedForAndHeldAgainstTheValues) {
  const std::string floor = "id,ENSG00000141510,ENSG00000133703\np1,-9.965784284662087,2.5\np2,3.5,-9.965784284662087\n";
  EXPECT_EQ(refusal("matrix", floor),
            "in: wanted the units of the values: the format does not say them, they look like log2_tpm_p0.001: give --units");
  ImportRequest request = request_of("matrix", floor);
  request.units = "tpm";
  EXPECT_EQ(refusal(request),
            "in: import as tpm: the value in row 0 of gene ENSG00000141510 is -9.965784, which tpm cannot be: they look like "
            "log2_tpm_p0.001: give --units");
  request.units = "log2_tpm_p0.001";
  EXPECT_EQ(import_genomics(request)[0].table.units, "log2_tpm_p0.001") << "the floor log2(0.001) is a value";
  EXPECT_NE(
      refusal("methylation", "probe\ts1\ncg00000029\t1.5\n").find("import meth as beta: the value in row 0 of gene cg00000029 is 1.5"),
      std::string::npos);
  EXPECT_EQ(import("methylation", "probe\ts1\ts2\ncg00000029\t0.5\tNA\n")[0].table.units, "beta");
}

TEST_F(GenomicImport, NamesThatASpreadsheetMadeDatesAreRestoredWhereOneGeneMakesThem) {
  EXPECT_EQ(date_name("2-Sep")->symbol, "SEPT2");
  EXPECT_EQ(date_name("Sep-02")->symbol, "SEPT2");
  EXPECT_EQ(date_name("2023-09-02")->symbol, "SEPT2");
  EXPECT_EQ(date_name("5-MAR")->symbol, "MARCH5");
  EXPECT_EQ(date_name("1-Dec")->symbol, "DEC1");
  EXPECT_EQ(date_name("1-Mar")->symbol, "") << "MARC1 or MARCH1";
  for (const char* name : {"SEPT2", "MARCH1", "HLA-A", "NKX2-1", "1-Marvel", "MT-ND1", "2-", "-Sep"}) EXPECT_FALSE(date_name(name)) << name;
  const auto imported = import("mcat", "case_id,2-Sep_rnaseq,1-Mar_rnaseq,TP53_rnaseq\np1,1,2,3\n")[0];
  EXPECT_EQ(imported.table.genes, (Texts{"SEPT2", "1-Mar", "TP53"}));
  EXPECT_TRUE(remarked(imported, "a spreadsheet made dates of 2 gene names (2-Sep was SEPT2, 1-Mar is lost): 1 restored"));
  EXPECT_EQ(table_problems(imported.table), (Texts{"1 gene name made dates by a spreadsheet, the first 1-Mar"}));
}

TEST_F(GenomicImport, AliasesOfTheUserGiveApprovedNames) {
  write_bytes(folder / "aliases.csv", "former,approved\nSEPT2,SEPTIN2\nMUT,MMUT\nOLD,TP53\n");
  ImportRequest request = request_of("mcat", "case_id,2-Sep_rnaseq,MUT_rnaseq,OLD_rnaseq,TP53_rnaseq\np1,1,2,3,4\n");
  request.aliases = folder / "aliases.csv";
  const auto imported = import_genomics(request)[0];
  EXPECT_EQ(imported.table.genes, (Texts{"SEPTIN2", "MMUT", "OLD", "TP53"})) << "a name that is there is not taken";
  EXPECT_TRUE(remarked(imported, "2 genes renamed to the approved symbol"));
}

TEST_F(GenomicImport, RepeatedGenesAreRefusedOrSettledByTheRuleThatIsGiven) {
  ImportRequest request = request_of("gct", "#1.2\n3\t2\nName\tDescription\ts1\ts2\nTP53\ta\t1\tNA\nKRAS\tb\t2\t2\nTP53\tc\t3\tNA\n");
  request.units = "tpm";
  EXPECT_EQ(refusal(request),
            "in: tell the genes apart: TP53 is there at positions 0 and 2 (counted from 0), 1 name repeated in all: choose "
            "--import.duplicate_genes first, sum or mean");
  for (const auto& [rule, value] : {std::pair("first", 1.0F), std::pair("sum", 4.0F), std::pair("mean", 2.0F)}) {
    request.duplicate_genes = rule;
    const auto imported = import_genomics(request)[0];
    EXPECT_EQ(imported.table.genes, (Texts{"TP53", "KRAS"}));
    EXPECT_EQ(imported.table.values[0], value) << rule;
    EXPECT_TRUE(std::isnan(imported.table.values[2])) << rule << ": all missing stays missing";
    EXPECT_TRUE(remarked(imported, std::string("1 repeated gene settled by ") + rule));
  }
}

TEST_F(GenomicImport, RepeatedSamplesAreRefusedWithBothPositions) {
  ImportRequest request = request_of("gct", "#1.2\n1\t2\nName\tDescription\ts1\ts1\nTP53\ta\t1\t2\n");
  request.units = "tpm";
  EXPECT_EQ(refusal(request),
            "in: tell the rows apart (obs index): positions 0 and 1 (counted from 0) have the same name: give every row an id of its own");
}

TEST_F(GenomicImport, OfSeveralAliquotsOneIsKeptByAnalyteAndPlate) {
  ImportRequest request = request_of(
      "matrix",
      "gene\tTCGA-05-4249-01A-01T-0182-07\tTCGA-05-4249-01A-01R-0182-07\tTCGA-05-4249-01A-01R-0999-07\tTCGA-05-4249-11A-01R-0182-07\n"
      "TP53\t1\t2\t3\t4\n");
  request.units = "counts";
  const auto imported = import_genomics(request)[0];
  EXPECT_EQ(imported.table.row_ids, (Texts{"TCGA-05-4249-01A-01R-0999-07", "TCGA-05-4249-11A-01R-0182-07"}))
      << "tumour and normal stay apart";
  EXPECT_EQ(imported.table.values, (std::vector<float>{3, 4}));
  EXPECT_TRUE(remarked(imported, "2 further aliquots of a sample left out (0 alike"));
  EXPECT_EQ(table_problems(imported.table), (Texts{"1 patient with several rows: a slide needs a sample id to find one"}));
}

TEST_F(GenomicImport, AListOfSamplesNamesThePatients) {
  write_bytes(folder / "samples.csv", "sample_id,patient_id\ns1,C3L-00001\n");
  ImportRequest request = request_of("gct", "#1.2\n1\t2\nName\tDescription\ts1\ts2\nTP53\ta\t1\t2\n");
  request.units = "tpm";
  request.samples = folder / "samples.csv";
  const auto imported = import_genomics(request)[0];
  EXPECT_EQ(imported.table.row_columns.at("patient_id"), (Texts{"C3L-00001", "s2"}));
  EXPECT_TRUE(remarked(imported, "1 sample not in the list of samples"));
}

TEST_F(GenomicImport, GctOfBothVersionsIsReadAndACutOneRefused) {
  ImportRequest request = request_of("gct", "#1.3\n2\t2\t1\t1\nid\tchr\ts1\ts2\ntissue\tna\tlung\tNA\nTP53\t17\t1\t2\nKRAS\t12\t3\t4\n");
  request.units = "tpm";
  const GenomicTable table = import_genomics(request)[0].table;
  EXPECT_EQ(table.row_columns.at("tissue"), (Texts{"lung", ""}));
  EXPECT_EQ(table.gene_columns.at("chr"), (Texts{"17", "12"}));
  EXPECT_EQ(table.values, (std::vector<float>{1, 3, 2, 4}));
  EXPECT_EQ(refusal("gct", "#1.2\n2\t1\nName\tDescription\ts1\nTP53\ta\t1\n"),
            "in: wanted 2 genes as line 2 says: there are 1: fetch the file again");
  EXPECT_NE(refusal("gct", "#1.2\n1\t2\nName\tDescription\ts1\nTP53\ta\t1\n").find("line 3: wanted 2 samples as line 2 says: there are 1"),
            std::string::npos);
  EXPECT_NE(refusal("gct", "gene,s1\n").find("line 1: wanted #1.2 or #1.3, got 'gene,s1'"), std::string::npos);
}

const std::string maf_header = "#version 2.4\nHugo_Symbol\tNCBI_Build\tVariant_Classification\tTumor_Sample_Barcode\tMutation_Status\n";

TEST_F(GenomicImport, AbsenceFromAMafIsZeroForSequencedSamplesOnly) {
  ImportRequest request = request_of("maf", maf_header +
                                                "TP53\tGRCh38\tMissense_Mutation\tTCGA-05-4249-01A-01D-0182-01\tSomatic\n"
                                                "KRAS\t38\tSilent\tTCGA-05-4249-01A-01D-0182-01\tSomatic\n"
                                                "KRAS\thg38\tSplice_Region\tTCGA-05-4250-01A-01D-0182-01\tSomatic\n"
                                                "EGFR\tGRCh38\tMissense_Mutation\tTCGA-05-4250-01A-01D-0182-01\tLOH\n");
  EXPECT_EQ(refusal(request),
            "in: wanted the list of sequenced samples: a MAF has no row for a sample without mutations, so 0 and unknown cannot be told "
            "apart: give --import.sequenced");
  write_bytes(folder / "sequenced.txt", "TCGA-05-4249-01\nTCGA-05-4250-01\nTCGA-05-4251-01\n");
  request.sequenced = folder / "sequenced.txt";
  const auto imported = import_genomics(request)[0];
  EXPECT_EQ(imported.table.row_ids.size(), 3U);
  EXPECT_EQ(imported.table.genes, (Texts{"TP53"}));
  EXPECT_EQ(imported.table.values, (std::vector<float>{1, 0, 0}));
  EXPECT_EQ(imported.table.notes.at("genome_build"), "GRCh38");
  EXPECT_TRUE(remarked(imported, "4 variants, 3 of them silent"));
  request.splice_region = true;
  EXPECT_EQ(import_genomics(request)[0].table.genes, (Texts{"KRAS", "TP53"}));
  write_bytes(folder / "sequenced.txt", "cancer_study_identifier: x\ncase_list_ids: TCGA-05-4250-01\tTCGA-05-4251-01\n");
  EXPECT_EQ(refusal(request),
            "in: line 3, column Tumor_Sample_Barcode: a mutated sample is not in the list of sequenced samples: give the list that belongs "
            "to this MAF");
}

TEST_F(GenomicImport, MixedGenomeBuildsAreRefused) {
  ImportRequest request =
      request_of("maf", maf_header + "TP53\tGRCh38\tMissense_Mutation\ts1\tSomatic\nKRAS\thg19\tMissense_Mutation\ts1\tSomatic\n");
  write_bytes(folder / "sequenced.txt", "s1\n");
  request.sequenced = folder / "sequenced.txt";
  EXPECT_EQ(refusal(request), "in: line 4: wanted one genome build: it is GRCh37, but GRCh38 in in: line 3: import each build by itself");
}

const std::string burden_header =
    "Hugo_Symbol\tChromosome\tStart_Position\tEnd_Position\tReference_Allele\tTumor_Seq_Allele2\tVariant_Classification\tIMPACT\tt_alt_count\tt_ref_count\t"
    "Tumor_Sample_Barcode\n";

/// A gene's burden in the first of two samples.
class MutationBurden : public GenomicImport {
 protected:
  ImportedTable imported(const std::string& rows) {
    ImportRequest request = request_of("maf", burden_header + rows);
    write_bytes(folder / "sequenced.txt", "s1\ns2\n");
    request.sequenced = folder / "sequenced.txt";
    request.value = "burden";
    return import_genomics(request)[0];
  }
  std::string told(const std::string& rows) {
    write_bytes(folder / "sequenced.txt", "s1\ns2\n");
    ImportRequest request = request_of("maf", burden_header + rows);
    request.sequenced = folder / "sequenced.txt";
    request.value = "burden";
    return refusal(request);
  }
};

TEST_F(MutationBurden, IsImpactTimesAlleleFractionSummedOverAGenesVariants) {
  const std::string stop = "TP53\t17\t100\t100\tC\tT\tNonsense_Mutation\tHIGH\t30\t10\ts1\n";
  const std::string missense = "TP53\t17\t200\t200\tC\tT\tMissense_Mutation\tMODERATE\t10\t30\ts1\n";
  const std::string others =
      "TP53\t17\t300\t300\tC\tT\tSilent\tLOW\t1\t1\ts2\n"
      "KRAS\t12\t100\t100\tC\tT\tMissense_Mutation\t\t8\t0\ts2\n"
      "KRAS\t12\t150\t150\tC\tT\tIntron\tMODIFIER\t8\t8\ts1\n"
      "MYC\t8\t1\t1\tC\tT\tRNA\t\t8\t8\ts1\n";
  const ImportedTable table = imported(stop + missense + others);
  EXPECT_EQ(table.table.genes, (Texts{"KRAS", "TP53"}));
  EXPECT_EQ(table.table.values, (std::vector<float>{0, 0.875F, 0.5F, 0.05F})) << "0.75 x 1 + 0.25 x 0.5; an impact that is not told follows from the class";
  EXPECT_EQ(table.table.units, "burden");
  EXPECT_TRUE(remarked(table, "6 variants, 2 of them without weight"));
  EXPECT_EQ(imported(others + missense + stop).table.values, table.table.values) << "in any order";
}

TEST_F(MutationBurden, AVariantThatIsThereTwiceCountsOnce) {
  const std::string row = "TP53\t17\t100\t100\tC\tT\tNonsense_Mutation\tHIGH\t";
  const ImportedTable table = imported(row + "10\t30\ts1\n" + row + "30\t10\ts1\n" + "TP53\t17\t100\t100\tC\tA\tNonsense_Mutation\tHIGH\t1\t7\ts1\n");
  EXPECT_EQ(table.table.values, (std::vector<float>{0.875F, 0})) << "another allele is another variant";
  EXPECT_TRUE(remarked(table, "1 variant of a sample there again"));
}

TEST_F(MutationBurden, WithoutReadsItIsMissingNotZero) {
  const std::string row = "TP53\t17\t100\t100\tC\tT\tNonsense_Mutation\tHIGH\t";
  const ImportedTable table = imported(row + "NA\t30\ts1\n" + row + "0\t0\ts2\n");
  EXPECT_TRUE(std::isnan(table.table.values[0]));
  EXPECT_TRUE(std::isnan(table.table.values[1]));
  EXPECT_TRUE(remarked(table, "2 variants without read counts: the burden of their genes is missing in these samples"));
  EXPECT_EQ(told(row + "x\t30\ts1\n"), "in: line 2, column t_alt_count: wanted a count of reads, got 'x': write NA where it is not known");
  EXPECT_EQ(told(row + "1\t-1\ts1\n"), "in: line 2, column t_ref_count: wanted a count of reads, got '-1': write NA where it is not known");
  ImportRequest plain = request_of("maf", maf_header + "TP53\tGRCh38\tMissense_Mutation\ts1\tSomatic\n");
  plain.sequenced = folder / "sequenced.txt";
  plain.value = "burden";
  EXPECT_EQ(refusal(plain),
            "in: wanted the columns t_alt_count and t_ref_count for allele fractions: there is no t_alt_count: import with --import.value "
            "binary, or ask for a MAF with read counts");
}

std::string star_counts(const std::string& tpm) {
  return "# gene-model: GENCODE v36\ngene_id\tgene_name\tgene_type\tunstranded\ttpm_unstranded\nN_unmapped\t\t\t12\t\n"
         "ENSG00000141510.18\tTP53\tprotein_coding\t7\t" +
         tpm +
         "\nENSG00000182378.15\tPLCXD1\tprotein_coding\t3\t0.5\n"
         "ENSG00000182378.15_PAR_Y\tPLCXD1\tprotein_coding\t0\t0\n";
}

TEST_F(GenomicImport, StarCountsMeetTheirSamplesThroughTheSheet) {
  std::filesystem::create_directories(folder / "gdc/one");
  write_bytes(folder / "gdc/one/a.rna_seq.augmented_star_gene_counts.tsv", star_counts("1.5"));
  write_bytes(folder / "gdc/b.rna_seq.augmented_star_gene_counts.tsv", star_counts("2.5"));
  write_bytes(folder / "sheet.tsv",
              "File ID\tFile Name\tCase ID\tSample ID\n1\ta.rna_seq.augmented_star_gene_counts.tsv\tTCGA-05-4249\tTCGA-05-4249-01A\n"
              "2\tb.rna_seq.augmented_star_gene_counts.tsv\tTCGA-05-4250\tTCGA-05-4250-01A\n3\tc.tsv\tTCGA-05-4251\tTCGA-05-4251-01A\n");
  ImportRequest request;
  request.from = "star";
  request.inputs = {folder / "gdc"};
  EXPECT_NE(refusal(request).find("wanted GDC's sample sheet"), std::string::npos);
  request.samples = folder / "sheet.tsv";
  const auto imported = import_genomics(request)[0];
  EXPECT_EQ(imported.table.row_ids, (Texts{"TCGA-05-4249-01A", "TCGA-05-4250-01A"}));
  EXPECT_EQ(imported.table.genes, (Texts{"ENSG00000141510", "ENSG00000182378", "ENSG00000182378_PAR_Y"}));
  EXPECT_EQ(imported.table.gene_columns.at("symbol"), (Texts{"TP53", "PLCXD1", "PLCXD1"}));
  EXPECT_EQ(imported.table.values, (std::vector<float>{1.5, 0.5, 0, 2.5, 0.5, 0}));
  EXPECT_EQ(imported.table.units, "tpm");
  EXPECT_TRUE(remarked(imported, "1 line of the sample sheet without a file"));
  request.column = "unstranded";
  EXPECT_EQ(import_genomics(request)[0].table.units, "counts");
  request.column = "tpm";
  EXPECT_NE(refusal(request).find("--import.column: wanted a column of STAR's counts, got tpm"), std::string::npos);
  request.column = "tpm_unstranded";
  write_bytes(folder / "gdc/c.tsv", "");
  write_bytes(folder / "gdc/z.star_gene_counts.tsv", star_counts("1"));
  EXPECT_NE(refusal(request).find("the column File Name does not have it"), std::string::npos);
  std::filesystem::remove(folder / "gdc/z.star_gene_counts.tsv");
  std::string cut = star_counts("2.5");
  write_bytes(folder / "gdc/b.rna_seq.augmented_star_gene_counts.tsv", cut.substr(0, cut.find("ENSG00000182378.15_PAR")));
  EXPECT_NE(refusal(request).find("wanted 3 genes as in the other files: there are 2"), std::string::npos);
}

TEST_F(GenomicImport, GisticKeepsSecondPlacesApartAndTellsThresholdsFromRatios) {
  const std::string header = "Gene Symbol\tLocus ID\tCytoband\tTCGA-05-4249-01\tTCGA-05-4250-01\n";
  const GenomicTable calls =
      import("gistic", header + "TP53\t7157\t17p13.1\t-2\t1\nAKAP17A|chrX\t8227\tXp22\t0\t0\nAKAP17A|chrY\t8227\tYp11\t0\t0\n")[0].table;
  EXPECT_EQ(calls.units, "cn_gistic");
  EXPECT_EQ(calls.genes[1], "AKAP17A|chrX");
  EXPECT_EQ(calls.gene_columns.at("symbol"), (Texts{"TP53", "AKAP17A", "AKAP17A"}));
  EXPECT_EQ(calls.gene_columns.at("entrez")[0], "7157");
  EXPECT_EQ(import("gistic", header + "TP53\t7157\t17p13.1\t-0.7\t0.1\n")[0].table.units, "cn_log2");
}

TEST_F(GenomicImport, ACbioportalStudyGivesItsProfilesPatientsAndSurvival) {
  std::filesystem::create_directories(folder / "study/case_lists");
  const auto put = [&](const std::string& name, const std::string& text) { write_bytes(folder / ("study/" + name), text); };
  put("meta_study.txt", "cancer_study_identifier: s\n");
  put("meta_cna.txt", "genetic_alteration_type: COPY_NUMBER_ALTERATION\ndatatype: DISCRETE\ndata_filename: data_cna.txt\n");
  put("data_cna.txt", "Hugo_Symbol\tEntrez_Gene_Id\tP1-01\tP2-01\nTP53\t7157\t-2\tNA\n");
  put("meta_mutations.txt", "genetic_alteration_type: MUTATION_EXTENDED\ndatatype: MAF\ndata_filename: data_mutations.txt\n");
  put("data_mutations.txt",
      "Hugo_Symbol\tNCBI_Build\tVariant_Classification\tTumor_Sample_Barcode\nKRAS\tGRCh37\tMissense_Mutation\tP2-01\n");
  put("case_lists/cases_sequenced.txt", "case_list_ids: P1-01\tP2-01\n");
  put("meta_clinical_patient.txt",
      "genetic_alteration_type: CLINICAL\ndatatype: PATIENT_ATTRIBUTES\ndata_filename: data_clinical_patient.txt\n");
  put("data_clinical_patient.txt", "#a\n#b\n#c\n#d\nPATIENT_ID\tOS_STATUS\tOS_MONTHS\tSEX\nP1\t1:DECEASED\t12.5\tF\nP2\t0:LIVING\tNA\tM\n");
  put("meta_clinical_sample.txt",
      "genetic_alteration_type: CLINICAL\ndatatype: SAMPLE_ATTRIBUTES\ndata_filename: data_clinical_sample.txt\n");
  put("data_clinical_sample.txt", "#a\n#b\n#c\n#d\nPATIENT_ID\tSAMPLE_ID\nP1\tP1-01\nP2\tP2-01\n");
  ImportRequest request;
  request.from = "cbioportal";
  request.inputs = {folder / "study"};
  const auto tables = import_genomics(request);
  ASSERT_EQ(tables.size(), 2U);
  const GenomicTable& cnv = tables[0].table;
  EXPECT_EQ(cnv.modality, "cnv");
  EXPECT_EQ(cnv.row_columns.at("patient_id"), (Texts{"P1", "P2"}));
  EXPECT_EQ(cnv.row_columns.at("SEX"), (Texts{"F", "M"}));
  EXPECT_EQ(cnv.row_numbers.at("event"), (std::vector<double>{1, 0})) << "OS_STATUS 1 is an event, censorship 1 is none";
  EXPECT_TRUE(std::isnan(cnv.row_numbers.at("survival_months")[1]));
  EXPECT_EQ(tables[1].table.values, (std::vector<float>{0, 1}));
  EXPECT_EQ(tables[1].table.notes.at("genome_build"), "GRCh37");
  std::filesystem::remove(folder / "study/case_lists/cases_sequenced.txt");
  EXPECT_NE(refusal(request).find("study: wanted the list of sequenced samples"), std::string::npos);
}

TEST_F(GenomicImport, ATableThatIsOneAlreadyKeepsItsUnits) {
  GenomicTable table;
  table.row_ids = {"p1"};
  table.genes = {"TP53"};
  table.values = {2};
  table.units = "tpm";
  write_genomic_table(folder / "t.h5ad", table, MatrixEncoding::dense);
  ImportRequest request;
  request.from = "table";
  request.inputs = {folder / "t.h5ad"};
  EXPECT_EQ(import_genomics(request)[0].table.units, "tpm");
  request.units = "counts";
  EXPECT_EQ(refusal(request), "t.h5ad: wanted values in counts: the table says tpm: leave --units out, or convert the values");
}

TEST_F(GenomicImport, CompressedTextIsReadAndDamagedOneRefused) {
  const gzFile file = gzopen((folder / "in.gz").c_str(), "wb");
  gzwrite(file, mcat.data(), static_cast<unsigned>(mcat.size()));
  gzclose(file);
  EXPECT_EQ(TextFile::read(folder / "in.gz").text(), mcat);
  const std::string whole = bytes_of(folder / "in.gz");
  write_bytes(folder / "in.gz", whole.substr(0, whole.size() / 2));
  EXPECT_NE(sentence_of<ModelError>([&] { TextFile::read(folder / "in.gz"); }).find("in.gz: read as gzip: "), std::string::npos);
  write_bytes(folder / "in.zip", "PK\x03\x04 and no more");
  EXPECT_NE(sentence_of<ModelError>([&] { TextFile::read(folder / "in.zip"); }).find("in.zip: read as ZIP: "), std::string::npos);
  EXPECT_NE(sentence_of<ModelError>([&] { TextFile::read(folder / "none"); }).find("read a text file: it is not there"), std::string::npos);
  write_bytes(folder / "utf16.csv",
              "\xFF\xFE"
              "c");
  EXPECT_NE(sentence_of<ModelError>([&] { TextFile::read(folder / "utf16.csv"); }).find("it is UTF-16: save it as UTF-8"),
            std::string::npos);
}

}  // namespace
}  // namespace microtome
