// SPDX-License-Identifier: Apache-2.0
// The importers, one file each, and the two ways of reading a matrix that they share. Internal to mil/genomics/import. All throw
// ModelError.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "mil/genomics/import/cells.h"
#include "mil/genomics/import/import.h"
#include "mil/genomics/import/text_file.h"

namespace microtome {

std::vector<ImportedTable> import_mcat(const ImportRequest& request);
std::vector<ImportedTable> import_matrix(const ImportRequest& request);
std::vector<ImportedTable> import_gct(const ImportRequest& request);
std::vector<ImportedTable> import_maf(const ImportRequest& request);
std::vector<ImportedTable> import_star(const ImportRequest& request);
std::vector<ImportedTable> import_gistic(const ImportRequest& request);
std::vector<ImportedTable> import_cbioportal(const ImportRequest& request);
std::vector<ImportedTable> import_methylation(const ImportRequest& request);
std::vector<ImportedTable> import_table(const ImportRequest& request);

/// The one input of a format that has one.
const std::filesystem::path& only_input(const ImportRequest& request);

/// Columns of a text whose rows are genes; positions in its header.
struct GeneRows {
  std::size_t name = 0;
  std::map<std::string, std::size_t> texts;  // gene column -> position
  std::vector<std::size_t> samples;          // one value a row each
};

/// Everything below the record that the reader stands on, which is the header. Rows without a name are left out.
GenomicTable read_gene_rows(CellReader& reader, const GeneRows& layout);
/// Where the header lies further up: its samples, and the cells of a row.
GenomicTable read_gene_rows(CellReader& reader, const GeneRows& layout, const std::vector<std::string>& samples, std::size_t width);

/// Mutations of a MAF: gene x sample, 1 (or the burden) where a sample has one that changes the protein, 0 where a sequenced sample has none.
ImportedTable read_maf(const std::vector<std::filesystem::path>& files, const std::vector<std::string>& sequenced,
                       const ImportRequest& request);
/// One sample a line, or a cBioPortal case list.
std::vector<std::string> read_sample_list(const std::filesystem::path& path);

/// Position of a header cell, or ModelError that names it.
std::size_t require_column(const CellReader& header, std::string_view name);
std::size_t find_column(const CellReader& header, std::string_view name);  // no_column where it is not
inline constexpr std::size_t no_column = static_cast<std::size_t>(-1);

std::string text_of(std::string_view cell);
std::string counted(std::size_t count, const std::string& noun);  // "1 row", "2 rows"

}  // namespace microtome
