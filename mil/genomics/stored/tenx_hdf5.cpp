// SPDX-License-Identifier: Apache-2.0
// Source: 10x Genomics, "HDF5 Feature-Barcode Matrix Format"; formats.md 1.3.
#include "mil/genomics/stored/tenx.h"

#include "mil/genomics/stored/elements.h"

namespace microtome {

namespace {

std::vector<std::string> ids(const H5Node& group, const std::string& name) {
  std::vector<std::string> texts = group.child(name).texts();
  for (std::string& text : texts) text = trimmed_id(text);
  return texts;
}

void read_feature_columns(const H5Node& features, GenomicTable& table) {
  for (const auto& [stored, ours] :
       {std::pair("name", "symbol"), std::pair("feature_type", "feature_type"), std::pair("genome", "genome")}) {
    if (!features.has(stored)) continue;
    std::vector<std::string> texts = ids(features, stored);
    if (texts.size() != table.genes.size()) refuse(features.child(stored), "its length is not the number of features");
    table.gene_columns.emplace(ours, std::move(texts));
  }
}

void read_features(const H5Node& group, GenomicTable& table) {
  if (group.has("features")) {
    const H5Node features = group.child("features");
    table.genes = ids(features, "id");
    return read_feature_columns(features, table);
  }
  table.genes = ids(group, "genes");
  if (!group.has("gene_names")) return;
  std::vector<std::string> symbols = ids(group, "gene_names");
  if (symbols.size() != table.genes.size()) refuse(group.child("gene_names"), "its length is not the number of genes");
  table.gene_columns.emplace("symbol", std::move(symbols));
}

}  // namespace

std::vector<std::string> tenx_genomes(const H5Node& root) {
  std::vector<std::string> genomes;
  for (const std::string& name : root.children()) {
    const H5Node child = root.child(name);
    if (child.has("barcodes") && child.has("genes") && child.has("indptr")) genomes.push_back(name);
  }
  return genomes;
}

StoredMatrix open_tenx_matrix(const H5Node& group) {
  const std::vector<std::int64_t> shape = group.child("shape").integers();
  if (shape.size() != 2 || shape[0] < 0 || shape[1] < 0) refuse(group.child("shape"), "it is not two sides");
  return {group.again(), MatrixLayout::by_row, static_cast<std::uint64_t>(shape[1]), static_cast<std::uint64_t>(shape[0])};
}

StoredTable open_tenx(const H5Node& group, const std::string& genome) {
  StoredTable stored{{}, open_tenx_matrix(group)};
  stored.index.row_ids = ids(group, "barcodes");
  read_features(group, stored.index);
  stored.index.units = "counts";
  if (!genome.empty()) stored.index.notes["genome_build"] = genome;
  return stored;
}

}  // namespace microtome
