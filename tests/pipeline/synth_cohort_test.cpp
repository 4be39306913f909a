// SPDX-License-Identifier: Apache-2.0
// The synthetic cohort: what is planted, that it splits as stated, that the same seed gives the same patients, and that older archives stay.
#include "pipeline/synth/cohort.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>

#include "mil/evaluation/survival/concordance.h"
#include "pipeline/commands.h"
#include "pipeline/synth/cohort_files.h"
#include "tests/support/temp_dir.h"

namespace microtome {
namespace {

SynthSettings planted(int patients) {
  SynthSettings s;
  s.patients = patients;
  s.hazard_genes = 8;
  s.clinical = true;
  s.seed = 3;
  return s;
}

using Of = std::function<double(const SynthPatient&)>;

double mean(const std::vector<SynthPatient>& patients, const Of& of) {
  double sum = 0;
  for (const auto& patient : patients) sum += of(patient);
  return sum / static_cast<double>(patients.size());
}

double covariance(const std::vector<SynthPatient>& patients, const Of& one, const Of& other) {
  const double a = mean(patients, one), b = mean(patients, other);
  return mean(patients, [&](const SynthPatient& p) { return (one(p) - a) * (other(p) - b); });
}

double correlation(const std::vector<SynthPatient>& patients, const Of& one, const Of& other) {
  return covariance(patients, one, other) / std::sqrt(covariance(patients, one, one) * covariance(patients, other, other));
}

double lesion(const SynthPatient& p) { return p.lesion_score; }
double genes(const SynthPatient& p) { return p.gene_score; }
double clinical(const SynthPatient& p) { return p.clinical_score; }
double log_hazard(const SynthPatient& p) { return p.log_hazard; }
Of gene(int column) {
  return [column](const SynthPatient& p) { return static_cast<double>(p.genes[static_cast<std::size_t>(column)]); };
}

double c_index(const std::vector<SynthPatient>& patients, const Of& risk) {
  std::vector<double> risks;
  FollowUp follow_up;
  for (const auto& p : patients) {
    risks.push_back(risk(p));
    follow_up.months.push_back(p.months);
    follow_up.event.push_back(p.event);
  }
  return *harrell_c(RankedRisks(risks, follow_up).count());
}

TEST(SynthCohort, ThePlantedVarianceSplitsAsStated) {
  SynthSettings s = planted(20000);
  s.gene_effect = 0.75;
  s.lesion_effect = 1.25;
  const auto patients = draw_patients(s);
  const PlantedSplit split = planted_split(s);
  EXPECT_EQ(split.tiles, 1.5625);
  EXPECT_EQ(split.genes, 0.5625);
  EXPECT_NEAR(split.clinical, 0.015 * 0.015 * 208.25 + 0.04 * 1.25, 1e-12);
  EXPECT_NEAR(s.lesion_effect * s.lesion_effect * covariance(patients, lesion, lesion), split.tiles, 0.03);
  EXPECT_NEAR(s.gene_effect * s.gene_effect * covariance(patients, genes, genes), split.genes, 0.03);
  EXPECT_NEAR(covariance(patients, clinical, clinical), split.clinical, 0.005);
  EXPECT_NEAR(covariance(patients, log_hazard, log_hazard), split.total(), 0.06);
  for (const auto& [one, other] : {std::pair<Of, Of>(lesion, genes), {lesion, clinical}, {genes, clinical}})
    EXPECT_NEAR(correlation(patients, one, other), 0, 0.02);
  for (const auto& p : patients)
    ASSERT_NEAR(p.log_hazard, s.lesion_effect * p.lesion_score + s.gene_effect * p.gene_score + p.clinical_score, 1e-12);
}

TEST(SynthCohort, OnlyThePlantedGenesGoWithTheScore) {
  const SynthSettings s = planted(20000);
  const auto patients = draw_patients(s);
  const std::vector<int> columns = hazard_gene_columns(s);
  EXPECT_EQ(std::set<int>(columns.begin(), columns.end()).size(), 8U);
  const std::set<int> is_planted(columns.begin(), columns.end());
  for (int g = 0; g < s.genes; ++g) {
    EXPECT_NEAR(covariance(patients, gene(g), gene(g)), 1, 0.05) << g;
    EXPECT_NEAR(correlation(patients, gene(g), lesion), 0, 0.03) << "the tumour is the tiles' alone, gene " << g;
    EXPECT_NEAR(correlation(patients, gene(g), genes), is_planted.contains(g) ? 0.75 : 0, 0.03) << g;
  }
  EXPECT_NEAR(correlation(patients, gene(columns[0]), gene(columns[1])), kCoexpression, 0.03);
}

TEST(SynthCohort, TheTrueHazardOrdersPatientsAndBothPartsBeatEither) {
  const auto patients = draw_patients(planted(2000));
  const double both = c_index(patients, log_hazard);
  EXPECT_GT(both, 0.75);
  EXPECT_GT(both, c_index(patients, lesion) + 0.05);
  EXPECT_GT(both, c_index(patients, genes) + 0.05);
  EXPECT_GT(c_index(patients, lesion), 0.6);
  EXPECT_GT(c_index(patients, genes), 0.6);
  std::size_t events = 0;
  for (const auto& p : patients) {
    events += p.event ? 1 : 0;
    EXPECT_GT(p.months, 0);
  }
  EXPECT_GT(events, patients.size() / 2);
  EXPECT_LT(events, patients.size() * 9 / 10);
}

TEST(SynthCohort, TheLabelIsNotTheTumour) {
  const SynthSettings s = planted(2000);
  const auto patients = draw_patients(s);
  std::size_t high = 0;
  for (const auto& p : patients) {
    EXPECT_TRUE(p.tumour);
    EXPECT_GE(p.tumour_share, s.least_tumour);
    EXPECT_LE(p.tumour_share, s.most_tumour);
    EXPECT_EQ(synth_label(s, p), p.log_hazard > 0 ? "high_hazard" : "low_hazard");
    high += p.log_hazard > 0 ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(high) / 2000, 0.5, 0.05);
}

TEST(SynthCohort, TheSameSeedGivesTheSamePatientsAndMoreOfThemKeepTheFirst) {
  const auto once = draw_patients(planted(40)), again = draw_patients(planted(40)), more = draw_patients(planted(80));
  EXPECT_EQ(truth_csv(once), truth_csv(again));
  EXPECT_EQ(truth_csv(more).substr(0, truth_csv(once).size()), truth_csv(once));
  SynthSettings other = planted(40);
  other.seed = 4;
  EXPECT_NE(truth_csv(draw_patients(other)), truth_csv(once));
  EXPECT_NE(hazard_gene_columns(other), hazard_gene_columns(planted(40)));
}

TEST(SynthCohort, ClinicalColumnsLeaveTumourAndGenesAlone) {
  SynthSettings with = planted(30), without = planted(30);
  without.clinical = false;
  const auto one = draw_patients(with), other = draw_patients(without);
  for (std::size_t p = 0; p < one.size(); ++p) {
    EXPECT_EQ(one[p].genes, other[p].genes);
    EXPECT_EQ(one[p].tumour_share, other[p].tumour_share);
    EXPECT_EQ(other[p].clinical_score, 0);
    EXPECT_TRUE(one[p].age >= 40 && one[p].age <= 89 && one[p].stage >= 1 && one[p].stage <= 4);
  }
  EXPECT_EQ(planted_split(without).clinical, 0);
}

TEST(SynthCohort, ShufflingKeepsTheRowsAndNobodysId) {
  const SynthSettings s = planted(50);
  const auto patients = draw_patients(s);
  const GenomicTable own = genes_table(s, patients), shuffled = genes_table(s, patients, shuffled_places(s));
  EXPECT_EQ(own.values, shuffled.values);
  EXPECT_EQ(std::set<std::string>(own.row_ids.begin(), own.row_ids.end()), std::set<std::string>(shuffled.row_ids.begin(), shuffled.row_ids.end()));
  for (std::size_t r = 0; r < own.row_ids.size(); ++r) EXPECT_NE(own.row_ids[r], shuffled.row_ids[r]) << r;
}

TEST(SynthCohort, SettingsThatCannotBeAreSentences) {
  SynthSettings s;
  s.hazard_genes = 61;
  EXPECT_EQ(validate(s), std::vector<std::string>{"synth.hazard_genes: wanted 0..60 (synth.genes), got 61"});
  s.hazard_genes = 0;
  s.gene_effect = 0.5;
  EXPECT_EQ(validate(s), std::vector<std::string>{"synth.gene_effect: wanted a planted cohort to go with it: give --synth.hazard_genes too"});
  s.hazard_genes = 8;
  s.gene_effect = 1;
  s.lesion_effect = 7;
  EXPECT_EQ(validate(s), std::vector<std::string>{"synth.lesion_effect: wanted a log hazard ratio in -5..5, got 7"});
  s.lesion_effect = 1;
  s.least_tumour = s.most_tumour;
  EXPECT_EQ(validate(s), std::vector<std::string>{"synth.least_tumour, synth.most_tumour: wanted two different shares, as the tumour is to move the hazard, got 0.5 twice"});
  s = {};
  s.patients = 1;
  s.shuffled_genes = true;
  EXPECT_EQ(validate(s), std::vector<std::string>{"synth.shuffled_genes: wanted at least two patients to change places, got 1"});
}

ParsedOptions tiny_archive(const std::filesystem::path& output, int patients) {
  ParsedOptions options;
  options.config.run.output = output;
  options.config.synth.patients = patients;
  options.config.synth.width = options.config.synth.height = 512;
  options.config.engine.threads = 1;
  return options;
}

std::set<std::string> files_in(const std::filesystem::path& folder) {
  std::set<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) out.insert(entry.path().filename());
  return out;
}

// What the program wrote before there were planted cohorts; slides are specimen_test's.
TEST(SynthArchive, WithoutTheNewOptionsIsWhatItWas) {
  TempDir dir;
  ParsedOptions options = tiny_archive(dir.path() / "archive", 3);
  options.config.synth.genes = 7;
  options.config.synth.slides_per_patient = 2;
  options.config.synth.pen = options.config.synth.dust = 1;
  command_synth(options, {});
  const auto archive = dir.path() / "archive";
  EXPECT_EQ(files_in(archive), (std::set<std::string>{"archive.json", "genomics.h5ad", "held_out.csv", "labels.csv", "manifest.csv", "slides", "train.csv", "truth"}));
  EXPECT_EQ(read_text(archive / "labels.csv"),
            "slide_id,patient_id,label,time,event\nP0001-S1,P0001,normal,14,1\nP0001-S2,P0001,normal,14,1\nP0002-S1,P0002,tumour,3.4,1\n"
            "P0002-S2,P0002,tumour,3.4,1\nP0003-S1,P0003,normal,11.7,1\nP0003-S2,P0003,normal,11.7,1\n");
  EXPECT_EQ(read_text(archive / "archive.json"),
            "{\"format\": 1, \"patients\": 3, \"slides_per_patient\": 2, \"seed\": 0, \"width\": 512, \"height\": 512, \"mpp\": 0.5, \"genes\": 7, "
            "\"held_out\": 0.33, \"pen\": 1, \"dust\": 1}\n");
  const GenomicTable table = read_genomic_table(archive / "genomics.h5ad");
  const std::vector<float> before = {1.525036F, -0.74410987F, -0.1378554F, 0.023289377F, 0.47469306F, -0.65956724F, 0.5720493F,
                                     2.3019836F, 2.5295565F, 1.4037791F, 0.2957002F, 0.76858246F, 1.076001F, -1.5237658F,
                                     -1.617744F, -0.37346312F, -2.1440942F, -1.181146F, 1.2083972F, -0.19279568F, -1.094941F};
  ASSERT_EQ(table.values.size(), before.size());
  for (std::size_t i = 0; i < before.size(); ++i) EXPECT_FLOAT_EQ(table.values[i], before[i]) << i;
}

TEST(SynthArchive, OfAPlantedCohortTellsItsTruth) {
  TempDir dir;
  ParsedOptions options = tiny_archive(dir.path() / "archive", 4);
  SynthSettings& s = options.config.synth;
  s.hazard_genes = 3;
  s.lesion_effect = 0.5;
  s.clinical = s.shuffled_genes = true;
  command_synth(options, {});
  const auto archive = dir.path() / "archive";
  for (const char* name : {"truth.csv", "truth.json", "clinical.csv", "genomics_shuffled.h5ad"}) EXPECT_TRUE(files_in(archive).contains(name)) << name;
  const auto truth = nlohmann::json::parse(read_text(archive / "truth.json"));
  ASSERT_EQ(truth["hazard_genes"].size(), 3U);
  EXPECT_EQ(truth["hazard_genes"][0], synth_gene_name(hazard_gene_columns(s)[0]));
  EXPECT_EQ(truth["variance_of_log_hazard"]["tiles"], 0.25);
  EXPECT_EQ(truth["variance_of_log_hazard"]["genes"], 1);
  double sum = 0;
  for (const auto& part : truth["split"]) sum += part.get<double>();
  EXPECT_NEAR(sum, 1, 1e-12);
  const std::string labels = read_text(archive / "labels.csv");
  EXPECT_EQ(labels.substr(0, labels.find('\n')), "slide_id,patient_id,label,time,event,age,sex,stage");
  EXPECT_EQ(read_text(archive / "clinical.csv").substr(0, 25), "patient_id,age,sex,stage\n");
  const auto recipe = nlohmann::json::parse(read_text(archive / "archive.json"));
  EXPECT_EQ(recipe["hazard_genes"], 3);
  EXPECT_EQ(recipe["lesion_effect"], 0.5);
  const GenomicTable own = read_genomic_table(archive / "genomics.h5ad"), shuffled = read_genomic_table(archive / "genomics_shuffled.h5ad");
  EXPECT_EQ(own.values, shuffled.values);
  EXPECT_NE(own.row_ids, shuffled.row_ids);
}

}  // namespace
}  // namespace microtome
