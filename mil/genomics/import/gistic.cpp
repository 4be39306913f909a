// SPDX-License-Identifier: Apache-2.0
// GISTIC 2: all_data_by_genes.txt (about log2 of the ratio) and all_thresholded.by_genes.txt (-2..2). Source: formats.md 1.5.
#include <algorithm>
#include <cmath>

#include "mil/genomics/import/finish.h"
#include "mil/genomics/import/importers.h"
#include "mil/model_error.h"

namespace microtome {

namespace {

GeneRows layout_of(const CellReader& header) {
  GeneRows layout;
  layout.name = require_column(header, "Gene Symbol");
  for (std::size_t i = 0; i < header.cells().size(); ++i) {
    const std::string_view name = header.cells()[i];
    if (name == "Gene ID" || name == "Locus ID") {
      layout.texts["entrez"] = i;
    } else if (name == "Cytoband") {
      layout.texts["cytoband"] = i;
    } else if (i != layout.name && !name.empty()) {
      layout.samples.push_back(i);
    }
  }
  return layout;
}

/// SYMBOL|chrX is a second place of SYMBOL: its name stays whole, its symbol does not.
void add_symbols(GenomicTable& table) {
  std::vector<std::string> symbols;
  for (const std::string& gene : table.genes) symbols.push_back(gene.substr(0, gene.find('|')));
  table.gene_columns["symbol"] = std::move(symbols);
}

bool thresholded(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [](float v) { return std::isnan(v) || (std::trunc(v) == v && std::abs(v) <= 2); });
}

}  // namespace

std::vector<ImportedTable> import_gistic(const ImportRequest& request) {
  const std::filesystem::path& path = only_input(request);
  const TextFile file = TextFile::read(path);
  CellReader reader(file.text(), path.string());
  if (!reader.next()) throw ModelError(path.string() + ": wanted a header with Gene Symbol: the file is empty: check the path");
  ImportedTable imported{read_gene_rows(reader, layout_of(reader)), {}};
  add_symbols(imported.table);
  imported.table.modality = "cnv";
  imported.table.units = !request.units.empty() ? request.units : thresholded(imported.table.values) ? "cn_gistic" : "cn_log2";
  finish_import(imported, request, path);
  return {std::move(imported)};
}

}  // namespace microtome
