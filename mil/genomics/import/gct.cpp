// SPDX-License-Identifier: Apache-2.0
// GCT 1.2 and 1.3. Source: GenePattern, "GCT file format"; CMap, "GCTX and GCT 1.3".
#include <array>
#include <charconv>

#include "mil/genomics/import/finish.h"
#include "mil/genomics/import/importers.h"
#include "mil/model_error.h"

namespace microtome {

namespace {

struct Sizes {
  std::size_t genes = 0;
  std::size_t samples = 0;
  std::size_t gene_columns = 0;    // version 1.3
  std::size_t sample_columns = 0;  // version 1.3: rows between header and values
};

std::size_t size_in(const CellReader& reader, std::size_t cell) {
  std::size_t value = 0;
  const std::string_view text = reader.cell(cell);
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && stop == text.data() + text.size() && value < (std::size_t{1} << 32)) return value;
  reader.refuse(std::to_string(cell + 1), "wanted a count, got '" + std::string(text.substr(0, 40)) + "'", "check that this is a GCT file");
}

Sizes read_sizes(CellReader& reader) {
  const std::string version = reader.next() ? std::string(reader.cell(0)) : "";
  if ((version != "#1.2" && version != "#1.3") || !reader.next()) {
    throw ModelError(reader.path() + ": line 1: wanted #1.2 or #1.3, got '" + version.substr(0, 40) + "': check --from");
  }
  Sizes sizes{size_in(reader, 0), size_in(reader, 1)};
  if (version == "#1.3") {
    sizes.gene_columns = size_in(reader, 2);
    sizes.sample_columns = size_in(reader, 3);
  }
  return sizes;
}

GeneRows layout_of(const CellReader& header, const Sizes& sizes, bool version12) {
  GeneRows layout;
  const std::size_t first = 1 + (version12 ? 1 : sizes.gene_columns);
  for (std::size_t i = 1; i < first; ++i) layout.texts[std::string(header.cell(i))] = i;
  for (std::size_t i = first; i < header.cells().size(); ++i) layout.samples.push_back(i);
  if (layout.samples.size() == sizes.samples) return layout;
  throw ModelError(header.path() + ": line " + std::to_string(header.line()) + ": wanted " + std::to_string(sizes.samples) +
                   " samples as line 2 says: there are " + std::to_string(layout.samples.size()) + ": fetch the file again");
}

std::map<std::string, std::vector<std::string>> read_sample_columns(CellReader& reader, const Sizes& sizes, const GeneRows& layout) {
  std::map<std::string, std::vector<std::string>> columns;
  for (std::size_t i = 0; i < sizes.sample_columns && reader.next(); ++i) {
    std::vector<std::string>& column = columns[std::string(reader.cell(0))];
    for (const std::size_t sample : layout.samples) column.push_back(text_of(reader.cell(sample)));
  }
  return columns;
}

}  // namespace

std::vector<ImportedTable> import_gct(const ImportRequest& request) {
  const std::filesystem::path& path = only_input(request);
  const TextFile file = TextFile::read(path);
  CellReader reader(file.text(), path.string());
  reader.use_delimiter('\t');
  const Sizes sizes = read_sizes(reader);
  const bool version12 = file.text().starts_with("#1.2");
  if (!reader.next()) throw ModelError(path.string() + ": wanted a header in line 3: the file ends before: fetch the file again");
  const GeneRows layout = layout_of(reader, sizes, version12);
  const std::size_t width = reader.cells().size();
  std::vector<std::string> ids;
  for (const std::size_t sample : layout.samples) ids.emplace_back(reader.cell(sample));
  auto columns = read_sample_columns(reader, sizes, layout);
  ImportedTable imported{read_gene_rows(reader, layout, ids, width), {}};
  if (imported.table.genes.size() != sizes.genes) {
    throw ModelError(path.string() + ": wanted " + std::to_string(sizes.genes) + " genes as line 2 says: there are " +
                     std::to_string(imported.table.genes.size()) + ": fetch the file again");
  }
  imported.table.row_columns = std::move(columns);
  finish_import(imported, request, path);
  return {std::move(imported)};
}

}  // namespace microtome
