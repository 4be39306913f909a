// SPDX-License-Identifier: Apache-2.0
// What a user of `synth` can choose; config.h says how it comes about.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace microtome {

struct SynthSettings {
  int patients = 24;
  int slides_per_patient = 1;
  std::uint64_t seed = 0;
  int width = 5120;  // level-0 pixels of a slide
  int height = 4096;
  double mpp = 0.5;        // microns per level-0 pixel
  int genes = 60;          // of which the first five go with the tumour, without hazard_genes
  double held_out = 0.33;  // share of patients in held_out.csv
  double least_tumour = 0.15;  // share of the tissue that is tumour, in patients who have one: drawn evenly between these two
  double most_tumour = 0.5;
  int pen = 0;             // felt-tip strokes on each slide
  int dust = 0;            // coarse dust specks on each slide
  int hazard_genes = 0;    // above 0: a planted cohort, see cohort.h; so many genes drive the hazard, whatever the tumour does
  double gene_effect = 1;    // of a planted cohort: log hazard ratio for a standard deviation of the gene score
  double lesion_effect = 1;  // ... and of the tumour share
  bool clinical = false;     // age, sex and stage, of which age and stage move the hazard a little
  bool shuffled_genes = false;  // a second table with its rows under other patients' ids: what no model can learn from

  bool planted() const { return hazard_genes > 0; }
};

/// One sentence for each impossible value; empty when all is well.
std::vector<std::string> validate(const SynthSettings& settings);

}  // namespace microtome
