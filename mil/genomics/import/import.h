// SPDX-License-Identifier: Apache-2.0
// Tables of other tools become genomic tables, one a modality, with units, patients and provenance. Text formats: formats.md 1.4 and 1.5.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "mil/genomics/table.h"

namespace microtome {

struct ImportRequest {
  std::string from;  // one of import_kinds()
  std::vector<std::filesystem::path> inputs;
  std::string units;                       // empty: what the format says
  std::string orientation = "auto";        // of a matrix: genes-in-rows, samples-in-rows, auto: where barcodes or Ensembl ids show it
  std::string column = "tpm_unstranded";   // of star: which of the file's values
  std::string duplicate_genes = "refuse";  // or first, sum, mean
  std::string genome_build;                // for formats that do not say, e.g. GRCh38
  std::string value = "binary";            // of maf and cbioportal's mutations: binary, burden (variant_burden.h)
  bool splice_region = false;              // of maf: a Splice_Region variant counts as a mutation
  std::filesystem::path sequenced;         // of maf: the samples that were sequenced, one a line or a cBioPortal case list
  std::filesystem::path samples;           // of star: GDC's sample sheet; of others: CSV sample_id,patient_id
  std::filesystem::path aliases;           // gene_aliases.h; symbols are written as approved
  TableChoice choice;                      // of table
};

struct ImportedTable {
  GenomicTable table;                // unique names, obs column patient_id, values that its units allow
  std::vector<std::string> remarks;  // what was resolved and by which rule, one sentence each
};

/// mcat, matrix, gct, maf, star, gistic, cbioportal, methylation, table.
const std::vector<std::string>& import_kinds();

/// Cost: the inputs' text and the tables in memory. Throws ModelError: "path: line, column: what is wrong: what to do".
std::vector<ImportedTable> import_genomics(const ImportRequest& request);

/// What looks wrong with a table that can be read: units, names, ids. One sentence each; the values where they were read.
std::vector<std::string> table_problems(const GenomicTable& table);

}  // namespace microtome
