// SPDX-License-Identifier: Apache-2.0
// Plain matrices, betas of methylation, and tables that are tables already.
#include <algorithm>
#include <cctype>

#include "mil/genomics/import/finish.h"
#include "mil/genomics/import/importers.h"
#include "mil/genomics/import/sample_rows.h"
#include "mil/genomics/join.h"
#include "mil/model_error.h"

namespace microtome {

namespace {

enum class Side { unclear, samples, genes };

bool is_sample(std::string_view name) { return tcga_patient(std::string(name)).has_value(); }

bool is_gene(std::string_view name) {
  const bool ensembl = name.size() >= 15 && name.starts_with("ENSG") && std::isdigit(static_cast<unsigned char>(name[4])) != 0;
  const bool probe = name.size() >= 10 && name.starts_with("cg") && std::isdigit(static_cast<unsigned char>(name[2])) != 0;
  return ensembl || probe;
}

Side side_of(const std::vector<std::string_view>& names) {
  const auto share = [&](auto is) {
    return std::count_if(names.begin(), names.end(), is) * 10 >= static_cast<std::ptrdiff_t>(names.size()) * 9;
  };
  if (names.empty()) return Side::unclear;
  if (share(is_sample)) return Side::samples;
  return share(is_gene) ? Side::genes : Side::unclear;
}

/// Barcodes and Ensembl ids show which side is which; nothing else is guessed from.
bool genes_in_rows(const CellReader& header, const ImportRequest& request) {
  if (request.orientation != "auto") return request.orientation == "genes-in-rows";
  const Side top = side_of({header.cells().begin() + 1, header.cells().end()});
  CellReader rows = header;
  std::vector<std::string_view> left;
  while (left.size() < 200 && rows.next()) left.push_back(rows.cells().front());
  const Side side = side_of(left);
  if (top == Side::samples || side == Side::genes) {
    if (side != Side::samples && top != Side::genes) return true;
  } else if (side == Side::samples || top == Side::genes) {
    return false;
  }
  throw ModelError(header.path() +
                   ": wanted to know whether genes or samples are in rows: neither side alone holds TCGA barcodes or Ensembl ids: give "
                   "--import.orientation genes-in-rows or samples-in-rows");
}

bool is_annotation(std::string_view name) {
  for (const std::string_view known : {"Entrez_Gene_Id", "Hugo_Symbol", "gene_name", "gene_type", "Description", "description", "symbol"}) {
    if (name == known) return true;
  }
  return false;
}

GenomicTable read_by_genes(CellReader& reader) {
  GeneRows layout;
  for (std::size_t i = 1; i < reader.cells().size(); ++i) {
    const std::string name(reader.cells()[i]);
    if (!is_annotation(name)) {
      layout.samples.push_back(i);
    } else {
      layout.texts[name == "gene_name" || name == "Hugo_Symbol" ? "symbol" : name] = i;
    }
  }
  return read_gene_rows(reader, layout);
}

GenomicTable read_by_samples(CellReader& reader) {
  SampleRows rows = read_sample_rows(reader, 0, false);
  GenomicTable table;
  table.row_ids = std::move(rows.ids);
  table.row_columns = std::move(rows.texts);
  table.row_numbers = std::move(rows.numbers);
  if (rows.blocks.empty()) return table;
  table.genes = std::move(rows.blocks.front().genes);
  table.values = std::move(rows.blocks.front().values);
  return table;
}

ImportedTable read_matrix(const ImportRequest& request, const std::string& orientation) {
  const std::filesystem::path& path = only_input(request);
  const TextFile file = TextFile::read(path);
  CellReader reader(file.text(), path.string(), '#');
  if (!reader.next() || reader.cells().size() < 2) {
    throw ModelError(path.string() + ": wanted a header of ids: there are fewer than two columns: give a CSV or TSV with a header row");
  }
  ImportRequest as = request;
  as.orientation = orientation;
  return {genes_in_rows(reader, as) ? read_by_genes(reader) : read_by_samples(reader), {}};
}

}  // namespace

std::vector<ImportedTable> import_matrix(const ImportRequest& request) {
  ImportedTable imported = read_matrix(request, request.orientation);
  imported.table.units = request.units;
  finish_import(imported, request, only_input(request));
  return {std::move(imported)};
}

std::vector<ImportedTable> import_methylation(const ImportRequest& request) {
  ImportedTable imported = read_matrix(request, request.orientation == "auto" ? "genes-in-rows" : request.orientation);
  imported.table.modality = "meth";
  imported.table.units = request.units.empty() ? "beta" : request.units;
  finish_import(imported, request, only_input(request));
  return {std::move(imported)};
}

std::vector<ImportedTable> import_table(const ImportRequest& request) {
  const std::filesystem::path& path = only_input(request);
  ImportedTable imported{read_genomic_table(path, request.choice), {}};
  if (!request.units.empty() && !imported.table.units.empty() && request.units != imported.table.units) {
    throw ModelError(path.string() + ": wanted values in " + request.units + ": the table says " + imported.table.units +
                     ": leave --units out, or convert the values");
  }
  finish_import(imported, request, path);
  return {std::move(imported)};
}

}  // namespace microtome
