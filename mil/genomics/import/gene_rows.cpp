// SPDX-License-Identifier: Apache-2.0
// Genes in rows: read as they come, then turned in blocks that fit the cache.
#include <algorithm>

#include "mil/genomics/import/importers.h"
#include "mil/model_error.h"

namespace microtome {

namespace {

constexpr std::size_t block = 32;

std::vector<float> turned(const std::vector<float>& values, std::size_t rows, std::size_t columns) {
  std::vector<float> out(values.size());
  for (std::size_t top = 0; top < rows; top += block) {
    for (std::size_t left = 0; left < columns; left += block) {
      for (std::size_t i = top; i < std::min(top + block, rows); ++i) {
        for (std::size_t j = left; j < std::min(left + block, columns); ++j) out[j * rows + i] = values[i * columns + j];
      }
    }
  }
  return out;
}

}  // namespace

std::string text_of(std::string_view cell) { return is_missing(cell) ? "" : std::string(cell); }

std::string counted(std::size_t count, const std::string& noun) { return std::to_string(count) + " " + noun + (count == 1 ? "" : "s"); }

const std::filesystem::path& only_input(const ImportRequest& request) {
  if (request.inputs.size() == 1) return request.inputs.front();
  throw ModelError("import " + request.from + ": wanted one --input: there are " + std::to_string(request.inputs.size()) +
                   ": import them one by one");
}

std::size_t find_column(const CellReader& header, std::string_view name) {
  const auto found = std::find(header.cells().begin(), header.cells().end(), name);
  return found == header.cells().end() ? no_column : static_cast<std::size_t>(found - header.cells().begin());
}

std::size_t require_column(const CellReader& header, std::string_view name) {
  const std::size_t found = find_column(header, name);
  if (found != no_column) return found;
  throw ModelError(header.path() + ": line " + std::to_string(header.line()) + ": find the column " + std::string(name) +
                   ": the header does not have it: check --from");
}

GenomicTable read_gene_rows(CellReader& reader, const GeneRows& layout) {
  std::vector<std::string> samples;
  for (const std::size_t sample : layout.samples) samples.emplace_back(reader.cell(sample));
  return read_gene_rows(reader, layout, samples, reader.cells().size());
}

GenomicTable read_gene_rows(CellReader& reader, const GeneRows& layout, const std::vector<std::string>& samples, std::size_t width) {
  GenomicTable table;
  table.row_ids = samples;
  for (const auto& [name, position] : layout.texts) table.gene_columns[name];
  std::vector<float> values;
  while (reader.next()) {
    reader.require_width(width);
    if (reader.cell(layout.name).empty()) continue;
    table.genes.emplace_back(reader.cell(layout.name));
    for (const auto& [name, position] : layout.texts) table.gene_columns[name].push_back(text_of(reader.cell(position)));
    for (std::size_t i = 0; i < layout.samples.size(); ++i) values.push_back(number_of(reader, layout.samples[i], table.row_ids[i]));
  }
  table.values = turned(values, table.genes.size(), layout.samples.size());
  return table;
}

}  // namespace microtome
