// SPDX-License-Identifier: Apache-2.0
// What a user can choose about genomic tables: parts of Config.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "mil/genomics/import/import.h"

namespace microtome {

/// Genomic tables: which matrix of a file is meant, under which names its genes are found, and how slides find their rows.
struct GenomicsSettings {
  std::string modality;             // of a .h5mu, the genome of an old 10x file; empty: the only one (changes results)
  std::string layer;                // instead of X (changes results)
  std::filesystem::path aliases;    // HGNC's complete set or former,approved; empty: names must agree (changes results)
  std::filesystem::path status;     // curated list of genes, see inputs/gene_status.h; empty: none (changes results)
  std::string keys = "auto";        // auto, exact, tcga, cptac, regex:<pattern>, as key_rule.h says (changes results)
  std::filesystem::path map;        // CSV slide_id or patient_id, row_id; comes before the keys; empty: none (changes results)
  std::string duplicates = "refuse";  // refuse, first-barcode, mean: where a patient has several rows (changes results)
};

struct ImportCommand {
  ImportRequest request;
  std::vector<std::string> input;  // files or a folder, as the kind wants it
  std::filesystem::path output;    // .h5ad; several tables put their modality into its name
};

}  // namespace microtome
