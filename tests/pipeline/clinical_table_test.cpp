// SPDX-License-Identifier: Apache-2.0
// A reader learns: clinical columns become numbers by name, in the model's order whatever the file's, and what a file is refused for.
#include <gtest/gtest.h>

#include <cmath>

#include "mil/model_error.h"
#include "pipeline/config.h"
#include "pipeline/inputs/clinical_table.h"
#include "pipeline/inputs/gene_sets.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_dir.h"

namespace microtome {
namespace {

class ClinicalTableTest : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& text, const std::string& name = "clinical.csv") {
    write_text(dir_ / name, text);
    return dir_ / name;
  }
  template <class Error>
  std::string refusal(const std::filesystem::path& path, const std::string& columns = "", const std::vector<std::string>& features = {}) {
    return without_dir(sentence_of<Error>([&] { read_clinical_table(path, columns, features); }));
  }
  std::string without_dir(std::string text) const {
    const std::string prefix = (dir_.path() / "").string();
    for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix)) text.erase(at, prefix.size());
    return text;
  }
  TempDir dir_;
};

TEST_F(ClinicalTableTest, NumbersStayAndWordsBecomeAColumnEach) {
  const auto table = read_clinical_table(file("patient_id,age,sex,stage,label,time,event\np1,61,F,II,x,3,1\np2,,M,,y,4,0\n"), "", {});
  EXPECT_EQ(table.genes, (std::vector<std::string>{"age", "sex=F", "sex=M", "stage=II"}));
  EXPECT_EQ(table.row_ids, (std::vector<std::string>{"p1", "p2"}));
  EXPECT_EQ(std::vector<float>(table.values.begin(), table.values.begin() + 4), (std::vector<float>{61, 1, 0, 1}));
  EXPECT_TRUE(std::isnan(table.values[4]));  // no age
  EXPECT_EQ(table.values[6], 1);
  EXPECT_TRUE(std::isnan(table.values[7]));  // no stage
  EXPECT_EQ(table.units, "clinical");
  EXPECT_EQ(table.sha256.size(), 64U);
}

TEST_F(ClinicalTableTest, AModelGetsItsOwnFeaturesWhateverTheOrderOfColumnsRowsAndWords) {
  const std::vector<std::string> features{"age", "sex=F", "sex=M"};
  const auto one = read_clinical_table(file("patient_id,age,sex\np1,61,F\np2,50,M\n"), "", features);
  const auto two = read_clinical_table(file("sex,ignored,age,patient_id\nM,7,50,p2\nX,7,70,p3\nF,7,61,p1\n", "other.csv"), "", features);
  EXPECT_EQ(std::vector<float>(one.values.begin(), one.values.begin() + 3), std::vector<float>(two.values.begin() + 6, two.values.end()));
  // a word that training did not see has 0 everywhere
  EXPECT_EQ(std::vector<float>(two.values.begin() + 3, two.values.begin() + 6), (std::vector<float>{70, 0, 0}));
}

TEST_F(ClinicalTableTest, RowsOfOnePatientCountOnceAndMustAgree) {
  EXPECT_EQ(read_clinical_table(file("slide_id,patient_id,age\ns1,p1,61\ns2,p1,61\n"), "", {}).row_ids, (std::vector<std::string>{"p1"}));
  EXPECT_EQ(refusal<InputError>(file("slide_id,patient_id,age\ns1,p1,61\ns2,p1,62\n")),
            "clinical.csv: row 3: wanted the same clinical columns in all rows of an id: 'age' differs from an earlier row");
}

TEST_F(ClinicalTableTest, RefusesWhatItCannotRead) {
  EXPECT_EQ(refusal<ConfigError>(file("name,age\na,1\n")), "clinical.csv: wanted the column patient_id or slide_id in the header row");
  EXPECT_EQ(refusal<ConfigError>(file("patient_id,label\np1,x\n")), "clinical.csv: wanted clinical columns beside ids and outcome: there are none");
  EXPECT_EQ(refusal<ConfigError>(file("patient_id,age\np1,61\n"), "age,grade"),
            "clinical.csv: wanted the clinical column 'grade': the header row does not have it");
  EXPECT_EQ(refusal<InputError>(file("patient_id,age\np1,old\n"), "", {"age"}),
            "clinical.csv: row 2, column 'age': wanted a number as in training, got 'old'");
  EXPECT_EQ(refusal<ConfigError>(file("patient_id,a=b\np1,1\n")), "clinical.csv: wanted names of columns without '=': rename 'a=b'");
  EXPECT_EQ(refusal<InputError>(file("patient_id,age\n,61\n")), "clinical.csv: wanted rows with ids: there are none");
  std::string words = "patient_id,note\n";
  for (int i = 0; i < 41; ++i) words += "p" + std::to_string(i) + ",word " + std::to_string(i) + "\n";
  EXPECT_EQ(refusal<InputError>(file(words)),
            "clinical.csv: wanted at most 40 different words in the clinical column 'note': there are 41: name the columns with "
            "--data.clinical_columns");
}

class GeneSetsTest : public ClinicalTableTest {};

Modality table_of(const std::vector<std::string>& genes) {
  Modality modality;
  modality.name = "rna";
  modality.features = genes;
  return modality;
}

TEST_F(GeneSetsTest, GmtAndSignaturesMeanTheSame) {
  const auto gmt = read_gene_sets(file("HYPOXIA\thttp\tVEGFA\tCA9\nEMT\t-\tVIM\tCA9\tCA9\n", "sets.gmt"));
  const auto csv = read_gene_sets(file("HYPOXIA,EMT\nVEGFA,VIM\nCA9,CA9\n,\n", "signatures.csv"));
  ASSERT_EQ(gmt.size(), 2U);
  for (std::size_t s = 0; s < 2; ++s) {
    EXPECT_EQ(gmt[s].name, csv[s].name);
    EXPECT_EQ(gmt[s].genes, csv[s].genes);
  }
  const auto groups = groups_of(gmt, table_of({"CA9", "TP53", "VIM"}), "sets.gmt");
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].features, (std::vector<std::int64_t>{0}));
  EXPECT_EQ(groups[1].features, (std::vector<std::int64_t>{0, 2}));  // a gene may be in several sets
}

TEST_F(GeneSetsTest, RefusesWhatNamesNoSet) {
  const auto sentence = [&](const std::filesystem::path& path) { return without_dir(sentence_of<ConfigError>([&] { read_gene_sets(path); })); };
  EXPECT_EQ(sentence(file("HYPOXIA\thttp\n", "a.gmt")), "a.gmt: line 1: wanted name, description and genes between tabs, got no genes");
  EXPECT_EQ(sentence(file("A\t-\tX\nA\t-\tY\n", "b.gmt")), "b.gmt: wanted each gene set once: 'A' is there twice");
  EXPECT_EQ(sentence(file("\n", "c.gmt")), "c.gmt: wanted gene sets: there are none");
  EXPECT_EQ(sentence(dir_ / "none.gmt"), "none.gmt: wanted a file of gene sets: it cannot be opened");
  EXPECT_EQ(sentence(file("A,\nX,Y\n", "d.csv")), "d.csv: column 2: wanted the name of a set and genes below it, got no name");
  EXPECT_EQ(sentence_of<ConfigError>([&] { groups_of({{"A", {"X"}}}, table_of({"Y"}), "e.gmt"); }),
            "e.gmt: wanted gene sets with genes of the table 'rna': none of 1 sets has any: are the names symbols in both?");
}

}  // namespace
}  // namespace microtome
