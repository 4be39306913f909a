// SPDX-License-Identifier: Apache-2.0
// The patients of a synthetic archive: tumour, genes, clinical columns and fate, drawn from the seed and nothing else.
//
// Without hazard_genes every other patient has a tumour, the first five genes go with it, and more tumour and more of gene 1 shorten survival.
//
// With hazard_genes it is a planted cohort, on which fusion has something to find and its answer is known:
//   log hazard = lesion_effect * lesion_score + gene_effect * gene_score + clinical_score        (relative; the baseline is kBaselineHazard)
//   lesion_score    the share of tumour in the tissue, even between least_tumour and most_tumour, as standard score: what the tiles show
//   gene_score      sum of the hazard genes as standard score; they are correlated by kCoexpression with one another and with nothing else
//   clinical_score  0 without clinical
// The three are independent of each other, so the variance of the log hazard splits without remainder, and each one's term is its Shapley
// value. Deaths are exponential; a third or so of the patients are censored. The label is whether the log hazard is above its mean, 0.
#pragma once

#include <string>
#include <vector>

#include "pipeline/synth/synth_settings.h"

namespace microtome {

inline constexpr double kBaselineHazard = 0.02;  // events a month
inline constexpr double kCoexpression = 0.5;     // correlation of two hazard genes
inline constexpr double kAgeEffect = 0.015;      // log hazard ratio a year
inline constexpr double kStageEffect = 0.2;      // ... and a stage

struct SynthPatient {
  std::string id;
  bool tumour = false;
  double tumour_share = 0;  // of the tissue; slides hold it within a fifth (tiling/specimen.h)
  double months = 0;        // to the tenth
  bool event = false;
  bool held_out = false;
  std::vector<float> genes;
  int age = 0, stage = 0;  // years, 40..89; 1..4; 0: not drawn
  bool female = false;
  double lesion_score = 0, gene_score = 0, clinical_score = 0, log_hazard = 0;  // of a planted cohort
};

/// How the variance of a planted log hazard comes about.
struct PlantedSplit {
  double tiles = 0, genes = 0, clinical = 0;  // variances of the three terms, in the population
  double total() const { return tiles + genes + clinical; }
};

std::vector<SynthPatient> draw_patients(const SynthSettings& settings);

/// Columns of the table, ascending; drawn from the seed.
std::vector<int> hazard_gene_columns(const SynthSettings& settings);

/// "GENE001" of column 0.
std::string synth_gene_name(int column);

PlantedSplit planted_split(const SynthSettings& settings);

/// For each patient another's place, nobody keeps the own: row i of the shuffled table goes under the id of patient [i].
std::vector<std::size_t> shuffled_places(const SynthSettings& settings);

/// Class of the patient in labels.csv.
std::string synth_label(const SynthSettings& settings, const SynthPatient& patient);

}  // namespace microtome
