// SPDX-License-Identifier: Apache-2.0
// The curated list of genes: which lists are read, which are refused and how, and what a slide's row answers.
#include "pipeline/inputs/gene_status.h"

#include <gtest/gtest.h>

#include <cmath>

#include "mil/genomics/table.h"
#include "pipeline/config.h"
#include "pipeline/inputs/modalities.h"
#include "tests/pipeline/graph_fixture.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_dir.h"

namespace microtome {
namespace {

class GeneStatusTest : public ::testing::Test {
 protected:
  std::vector<StatusRule> read(const std::string& text) {
    write_text(list, text);
    return read_status_rules(list);
  }
  /// Without the path, which stands first.
  std::string refusal(const std::string& text) {
    const std::string sentence = sentence_of<ConfigError>([&] { read(text); });
    EXPECT_EQ(sentence.rfind(list.string() + ": ", 0), 0U) << sentence;
    return sentence.substr(list.string().size() + 2);
  }
  TempDir dir;
  std::filesystem::path list = dir.path() / "status.csv";
};

TEST_F(GeneStatusTest, ReadsRulesInAnyOrderOfColumns) {
  const auto rules = read("text\trule\tgene\ttable\namplified, strongly\t>= 2\tERBB2\tcnv\nlost\t<=-1.5\tPTEN\tcnv\nmutated\t=1\tTP53\tmutations\nlow\t<0.1\tESR1\trna\nhigh\t>1e3\tMKI67\trna\n");
  ASSERT_EQ(rules.size(), 5U);
  EXPECT_EQ(rules[0].gene, "ERBB2");
  EXPECT_EQ(rules[0].table, "cnv");
  EXPECT_EQ(rules[0].text, "amplified, strongly");
  std::vector<std::string> texts;
  for (const StatusRule& rule : rules) texts.push_back(rule.rule());
  EXPECT_EQ(texts, (std::vector<std::string>{">=2", "<=-1.5", "=1", "<0.1", ">1000"}));
}

TEST_F(GeneStatusTest, RulesHoldAtTheirLimitsAsTheySay) {
  const auto holds = [&](const std::string& rule, double value) { return read("gene,table,rule,text\nA,rna," + rule + ",x\n")[0].holds(value); };
  EXPECT_TRUE(holds(">=2", 2) && holds("<=2", 2) && holds("=2", 2));
  EXPECT_FALSE(holds(">2", 2) || holds("<2", 2) || holds("=2", 2.5));
  EXPECT_TRUE(holds(">2", 2.5) && holds("<2", 1.5) && holds("<=-1", -1));
  EXPECT_TRUE(holds(">=0.7", 0.7F) && holds("=0.7", 0.7F)) << "a table holds float32";
}

TEST_F(GeneStatusTest, AnswersInTheListsOrderWithPresentAbsentAndUnknown) {
  const auto rules = read("gene,table,rule,text\nB,rna,>=1,high\nA,rna,>=1,high\nA,cnv,>=2,amplified\nC,rna,<0,low\n");
  const auto lines = gene_status(rules, [](const std::string& table, const std::string& gene) -> std::optional<double> {
    if (table == "cnv") return std::nullopt;
    if (gene == "C") return std::nan("");
    return gene == "A" ? 0.5 : 1.5;
  });
  ASSERT_EQ(lines.size(), 4U);
  std::vector<std::string> said;
  for (const auto& line : lines) said.push_back(line.modality + " " + line.gene + " " + line.rule + " " + line.text + ": " + line.status);
  EXPECT_EQ(said, (std::vector<std::string>{"rna B >=1 high: present", "rna A >=1 high: absent", "cnv A >=2 amplified: unknown", "rna C <0 low: unknown"}));
  EXPECT_EQ(lines[0].value, 1.5);
  EXPECT_TRUE(std::isnan(lines[2].value) && std::isnan(lines[3].value));
}

TEST_F(GeneStatusTest, RefusesHeadersWithASentence) {
  EXPECT_EQ(refusal("gene,rule,text\nA,>1,x\n"), "wanted the columns gene, table, rule, text in the header row: table is missing: add it");
  EXPECT_EQ(refusal("gene,table,rule,text,note\nA,rna,>1,x,y\n"), "wanted the columns gene, table, rule, text alone, got 'note': leave it out");
  EXPECT_EQ(refusal("gene,table,rule,text,gene\nA,rna,>1,x,A\n"), "wanted each column once, gene is there twice: leave one out");
  EXPECT_EQ(refusal("gene,table,rule,text\n"), "wanted a list of genes: there is no row under the header: is it the right file?");
  EXPECT_EQ(sentence_of<ConfigError>([] { read_status_rules("/nowhere/status.csv"); }), "/nowhere/status.csv: wanted a CSV or TSV file: cannot be opened");
}

TEST_F(GeneStatusTest, RefusesRowsWithASentence) {
  const std::string head = "gene,table,rule,text\n";
  for (const char* rule : {"2", ">=", ">= ", "=>2", ">=two", ">=2 or so", "==1", "><1", ">=nan", ">=inf", "about 2"})
    EXPECT_EQ(refusal(head + "ERBB2,cnv," + rule + ",amplified\n").find("row 2 (ERBB2): wanted a rule such as"), 0U) << rule;
  EXPECT_EQ(refusal(head + "A,rna,>1,x\nB,rna,twice,x\n"), "row 3 (B): wanted a rule such as >=0.5, <=-1 or =1 (>=, <=, >, <, = and a number), got 'twice': correct it");
  EXPECT_EQ(refusal(head + "A,rna,>1,x\nA,cnv,>1,x\nA,rna,<0,y\n"), "row 4 (A): wanted each gene of a table once, this one is in row 2 too: leave one out");
  EXPECT_EQ(refusal(head + ",rna,>1,x\n"), "row 2: wanted a gene, got an empty cell: fill it in");
  EXPECT_EQ(refusal(head + "A,,>1,x\n"), "row 2 (A): wanted a table, got an empty cell: fill it in");
  EXPECT_EQ(refusal(head + "A,rna,>1,\n"), "row 2 (A): wanted a text, got an empty cell: fill it in");
}

// From the row of the table to the document and the page of the slide.
TEST_F(GeneStatusTest, ARunTellsEachSlideItsGenes) {
  GenomicTable table;
  table.genes = {"A", "B"};
  table.row_ids = {"one"};
  table.values = {1.5F, -0.5F};
  write_genomic_table(dir.path() / "genes.h5ad", table, MatrixEncoding::dense);
  FakeArchive archive;
  archive.add("one", tissue_slide(3));
  archive.add("two", tissue_slide(3, 1));
  FakeRun run(archive, dir.path() / "out", 2);
  ModelCard card;
  card.modalities = {Modality{"genomics", {"A"}, {}, {}, "", "linear", 32, {}}};
  TablesAsked asked;
  asked.genomics = {(dir.path() / "genes.h5ad").string()};
  run.parts.modalities = std::make_shared<Modalities>(Modalities::of_model(card, asked, {run.rows[0].keys, run.rows[1].keys}));
  run.parts.status_rules = read("gene,table,rule,text\nB,genomics,<=0,not expressed\nA,genomics,>=2,high\nC,genomics,>=2,high\n");
  run.run();
  const auto line = [&](const std::string& slide, std::size_t at) {
    const auto found = read_findings(run.document(slide))->gene_status.at(at);
    return found.gene + " " + found.status;
  };
  EXPECT_EQ(line("one", 0), "B present") << "a gene that the model does not take, too";
  EXPECT_EQ(line("one", 1), "A absent");
  EXPECT_EQ(line("one", 2), "C unknown") << "the table has no such gene";
  EXPECT_EQ(line("two", 0), "B unknown") << "the table has no such row";
  EXPECT_NE(read_text(run.parts.slide_folder("one") / "report.html").find("not expressed: <b>present</b>"), std::string::npos);
}

}  // namespace
}  // namespace microtome
