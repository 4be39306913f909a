// SPDX-License-Identifier: Apache-2.0
// Telling the dialects apart by what their groups are called.
#include "mil/genomics/stored/layouts.h"

#include <algorithm>

#include "mil/genomics/stored/frames.h"
#include "mil/genomics/stored/tenx.h"
#include "mil/genomics/table_check.h"

namespace microtome {

namespace {

const std::string as_anndata = "read as AnnData";

void keep_columns(TableFrame frame, std::map<std::string, std::vector<std::string>>& texts,
                  std::map<std::string, std::vector<double>>* numbers) {
  for (auto& [name, column] : frame.columns) {
    if (column.is_text) {
      texts.emplace(name, std::move(column.texts));
    } else if (numbers != nullptr) {
      numbers->emplace(name, std::move(column.numbers));
    }
  }
}

void read_reference(const H5Node& uns, const std::string& name, std::size_t genes, std::vector<double>& out) {
  if (!uns.has(name)) return;
  const H5Node node = uns.child(name);
  const std::optional<TableColumn> column = read_column(node);
  if (!column || column->is_text || column->numbers.size() != genes) refuse(node, "it does not hold a number for each gene");
  out = column->numbers;
}

void read_notes(const H5Node& root, GenomicTable& table) {
  if (!root.has("uns")) return;
  const H5Node uns = root.child("uns");
  for (const std::string& name : uns.children()) {
    const std::optional<std::string> text = read_single_text(uns.child(name));
    if (text) table.notes.emplace(name, *text);
  }
  const auto take = [&](const std::string& name, std::string& field) {
    const auto found = table.notes.find(name);
    if (found == table.notes.end()) return;
    field = found->second;
    table.notes.erase(found);
  };
  take("units", table.units);
  take("modality", table.modality);
  read_reference(uns, "reference_mean", table.genes.size(), table.reference_mean);
  read_reference(uns, "reference_sd", table.genes.size(), table.reference_sd);
}

H5Node matrix_node(const H5Node& root, const std::string& layer) {
  if (layer.empty()) {
    if (!root.has("X")) throw H5Fault(as_anndata, "it has no X", "copy the layer to use into X, or name it with --genomics.layer");
    return root.child("X");
  }
  if (!root.has("layers") || !root.child("layers").has(layer)) {
    throw H5Fault("find the layer " + layer, "the table has no such layer", "look at it with microtome genomics inspect");
  }
  return root.child("layers").child(layer);
}

StoredTable open_anndata(const H5Node& root, const std::string& layer) {
  if (!root.has("obs") || !root.has("var")) throw H5Fault(as_anndata, "it has no obs and var");
  GenomicTable table;
  TableFrame obs = read_frame(root, "obs");
  TableFrame var = read_frame(root, "var");
  table.row_ids = std::move(obs.index);
  table.genes = std::move(var.index);
  keep_columns(std::move(obs), table.row_columns, &table.row_numbers);
  keep_columns(std::move(var), table.gene_columns, nullptr);
  StoredMatrix matrix = open_matrix(matrix_node(root, layer));
  read_notes(root, table);
  return {std::move(table), std::move(matrix)};
}

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

std::string chosen(const std::vector<std::string>& names, const std::string& choice) {
  if (choice.empty() && names.size() == 1) return names.front();
  if (choice.empty()) {
    throw H5Fault("choose one of its tables", "it holds " + listed(names), "say which with --genomics.modality");
  }
  if (std::find(names.begin(), names.end(), choice) == names.end()) {
    throw H5Fault("find the table " + choice, "it holds " + listed(names), "say which with --genomics.modality");
  }
  return choice;
}

enum class Dialect { anndata, mudata, tenx3, tenx2 };

Dialect dialect_of(const H5Node& root) {
  if (root.has("mod") || encoding_of(root).first == "MuData") return Dialect::mudata;
  if (root.has("obs") || root.has("var")) return Dialect::anndata;
  if (root.has("col_attrs") && root.has("row_attrs")) {
    throw H5Fault(as_anndata, "it is a loom file", "convert it to .h5ad with scanpy");
  }
  if (root.has("matrix")) return Dialect::tenx3;
  if (!tenx_genomes(root).empty()) return Dialect::tenx2;
  for (const std::string& name : root.children()) {
    const H5Node child = root.child(name);
    if (child.has_attribute("pandas_type")) throw H5Fault(as_anndata, "it is a pandas HDFStore", "write its frame as CSV and import that");
  }
  return Dialect::anndata;
}

void require_shape(const StoredTable& stored) {
  const StoredMatrix& m = stored.matrix;
  if (m.rows == stored.index.row_ids.size() && m.columns == stored.index.genes.size()) return;
  refuse(m.node, "its shape " + std::to_string(m.rows) + " x " + std::to_string(m.columns) + " contradicts the index of " +
                     std::to_string(stored.index.row_ids.size()) + " rows and " + std::to_string(stored.index.genes.size()) + " genes");
}

/// The group that holds the table: AnnData's, or a matrix of 10x.
struct TableGroup {
  H5Node node;
  bool tenx;
  std::string modality;
};

TableGroup choose_group(const H5Node& root, const TableChoice& choice) {
  switch (dialect_of(root)) {
    case Dialect::mudata: {
      const std::string name = chosen(modalities_of(root), choice.modality);
      return {root.child("mod").child(name), false, name};
    }
    case Dialect::tenx3:
      return {root.child("matrix"), true, ""};
    case Dialect::tenx2: {
      const std::string genome = chosen(tenx_genomes(root), choice.modality);
      return {root.child(genome), true, genome};
    }
    case Dialect::anndata:
      break;
  }
  return {root.again(), false, ""};
}

}  // namespace

std::vector<std::string> modalities_of(const H5Node& root) {
  switch (dialect_of(root)) {
    case Dialect::mudata: {
      std::vector<std::string> names;
      const H5Node all = root.child("mod");
      for (const std::string& name : all.children()) {
        if (all.child(name).is_group()) names.push_back(name);
      }
      if (names.empty()) throw H5Fault("read as MuData", "it holds no table");
      return names;
    }
    case Dialect::tenx2:
      return tenx_genomes(root);
    default:
      return {""};
  }
}

StoredTable open_table(const H5Node& root, const TableChoice& choice) {
  const TableGroup group = choose_group(root, choice);
  StoredTable stored = group.tenx ? open_tenx(group.node, group.modality) : open_anndata(group.node, choice.layer);
  if (!group.modality.empty()) stored.index.modality = group.modality;
  require_unique(stored.index);
  require_shape(stored);
  stored.index.encoding = stored.matrix.encoding();
  return stored;
}

StoredMatrix open_table_matrix(const H5Node& root, const TableChoice& choice) {
  const TableGroup group = choose_group(root, choice);
  return group.tenx ? open_tenx_matrix(group.node) : open_matrix(matrix_node(group.node, choice.layer));
}

}  // namespace microtome
