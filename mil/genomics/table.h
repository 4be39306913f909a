// SPDX-License-Identifier: Apache-2.0
// A genomic table: observations (patients or samples) x variables (genes). Read from AnnData .h5ad of every age, .h5mu and 10x .h5; written
// as the .h5ad that any anndata reads. Source: scverse/anndata docs/fileformat-prose, scverse/mudata docs/io/spec; formats.md 1.1-1.3.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace microtome {

class AnsweringChild;

/// values is row-major (rows, columns) float32 with NaN for missing. Ids are strings as stored, trimmed. Columns have a value a row (obs)
/// or a gene (var); missing texts are "", missing numbers NaN.
struct GenomicTable {
  std::vector<std::string> row_ids;  // obs index
  std::vector<std::string> genes;    // var index
  std::vector<float> values;
  std::map<std::string, std::vector<std::string>> row_columns;   // obs columns of text, e.g. patient_id
  std::map<std::string, std::vector<double>> row_numbers;        // obs columns of numbers and truth values, e.g. survival_months, event
  std::map<std::string, std::vector<std::string>> gene_columns;  // var columns of text, e.g. symbol
  std::map<std::string, std::string> notes;                      // single texts of uns but units, e.g. genome_build
  std::vector<double> reference_mean;                            // uns: a gene each, of the population that z-scores refer to or may refer to; else empty
  std::vector<double> reference_sd;
  std::string units;     // uns/units, or ""
  std::string modality;  // of a .h5mu, or uns/modality, or ""
  std::string sha256;    // of the file; empty for a table made in memory
  std::string encoding;  // "array", "csr_matrix", "csc_matrix"
};

/// Which matrix of a file.
struct TableChoice {
  std::string modality;  // of a .h5mu; the genome of a 10x file of version 2; empty: the only one there is
  std::string layer;     // instead of X
};

/// Ids are compared without the blanks at their ends.
std::string trimmed_id(const std::string& id);

/// Reads the whole table, in a child process that a damaged file may crash or hang without harm. Thread-safe. Throws ModelError: not HDF5,
/// no X, several tables and no choice, unknown encoding or version, shape that contradicts the index or that the bytes cannot hold, a
/// filter that is missing (named), duplicate gene names, duplicate row ids (both positions named), infinite values, values that the table's
/// units cannot have (negative counts, betas beyond 1), more than 2^32 values.
GenomicTable read_genomic_table(const std::filesystem::path& path, const TableChoice& choice = {});

/// All but the values, whatever the size of the matrix.
GenomicTable read_genomic_index(const std::filesystem::path& path, const TableChoice& choice = {});

/// Rows of one file, asked for again and again: its child process stays and keeps the file open, so that a request costs what it reads and
/// no fork. Of use to one thread at a time. After an error the next request opens the file anew.
class GenomicRowReader {
 public:
  /// index: what read_genomic_index gave for the same file and choice; outlives the reader.
  GenomicRowReader(std::filesystem::path path, const GenomicTable& index, TableChoice choice = {});
  GenomicRowReader(const GenomicRowReader&) = delete;
  GenomicRowReader& operator=(const GenomicRowReader&) = delete;
  ~GenomicRowReader();
  /// Values (rows, genes) of these rows of the index: positions in it, in any order, increasing ones without a further copy. Cost: a dense
  /// matrix or csr reads the rows asked for (and the compressed chunks they lie in), csc reads everything. Throws ModelError, as
  /// read_genomic_table does.
  std::vector<float> read(const std::vector<std::size_t>& rows);

 private:
  std::vector<float> read_increasing(const std::vector<std::size_t>& rows);
  void start();
  std::filesystem::path path_;
  const GenomicTable& index_;
  TableChoice choice_;
  std::unique_ptr<AnsweringChild> child_;
};

/// The same for one request.
std::vector<float> read_genomic_rows(const std::filesystem::path& path, const GenomicTable& index, const std::vector<std::size_t>& rows,
                                     const TableChoice& choice = {});

/// Names that TableChoice::modality may have; one empty name for a file of one table.
std::vector<std::string> list_genomic_modalities(const std::filesystem::path& path);

enum class MatrixEncoding { dense, csr, smaller };  // smaller: csr where fewer than 30 % of the values are not 0

/// The anndata-0.8-level subset, so that any anndata reads it. Deterministic bytes (no timestamps). Written beside its place and renamed
/// when whole; that it outlasts a power cut is the publication's matter. Throws ModelError for a table that could not be read back, and where the disk refuses.
void write_genomic_table(const std::filesystem::path& path, const GenomicTable& table, MatrixEncoding encoding);

}  // namespace microtome
