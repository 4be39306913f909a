// SPDX-License-Identifier: Apache-2.0
// What a synthetic archive says of its patients, as files: labels, clinical columns, genomic tables and the truth.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "mil/genomics/table.h"
#include "pipeline/synth/cohort.h"

namespace microtome {

/// A slide and its patient, which outlives it.
using SlideOf = std::pair<std::string, const SynthPatient*>;

/// labels.csv: slide_id,patient_id,label,time,event and, with clinical, age,sex,stage.
std::string labels_text(const SynthSettings& settings, const std::vector<SlideOf>& slides);

/// clinical.csv: patient_id,age,sex,stage.
std::string clinical_text(const std::vector<SynthPatient>& patients);

/// genomics.h5ad: a row a patient. `places`: whose id each row goes under; empty: the own.
GenomicTable genes_table(const SynthSettings& settings, const std::vector<SynthPatient>& patients, const std::vector<std::size_t>& places = {});

/// truth.csv of a planted cohort: a row a patient; log_hazard is lesion_effect * lesion_score + gene_effect * gene_score + clinical_score.
std::string truth_csv(const std::vector<SynthPatient>& patients);

/// truth.json of a planted cohort: the genes, the effects, and how the variance of the log hazard splits between tiles, genes and clinical.
std::string truth_json(const SynthSettings& settings);

/// archive.json: the settings; those of planted cohorts, clinical columns and shuffled genes only where they are used.
std::string archive_json(const SynthSettings& settings);

}  // namespace microtome
