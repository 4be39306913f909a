// SPDX-License-Identifier: Apache-2.0
// A genomic table: observations (patients or samples) x variables (genes), read from and written to AnnData .h5ad
// (scverse/anndata on-disk format: dense array, csr_matrix, csc_matrix X; string-array, categorical and nullable-string-array index).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace microtome {

/// values is row-major (rows, columns) float32 with NaN for missing. Ids are strings as stored, trimmed.
struct GenomicTable {
  std::vector<std::string> row_ids;  // obs index
  std::vector<std::string> genes;    // var index
  std::vector<float> values;
  std::map<std::string, std::vector<std::string>> row_columns;  // text obs columns that were understood, e.g. patient_id
  std::string units;                                            // uns/units, or ""
  std::string sha256;                                           // of the file; empty for a table made in memory
  std::string encoding;                                         // "array", "csr_matrix", "csc_matrix"
};

/// Ids are compared without the blanks at their ends.
std::string trimmed_id(const std::string& id);

/// Throws ModelError: not HDF5, no X, unknown encoding, shape that contradicts the index, a filter that is missing (named),
/// duplicate gene names, duplicate row ids (both positions named), infinite values, more than 2^32 values. Reads the whole table.
GenomicTable read_genomic_table(const std::filesystem::path& path);

enum class MatrixEncoding { dense, csr };

/// The anndata-0.8-level subset, so that any anndata reads it. Deterministic bytes (no timestamps).
void write_genomic_table(const std::filesystem::path& path, const GenomicTable& table, MatrixEncoding encoding);

}  // namespace microtome
