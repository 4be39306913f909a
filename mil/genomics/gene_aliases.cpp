// SPDX-License-Identifier: Apache-2.0
// Approved symbols first, then previous ones, then aliases: what an earlier round knows a later one does not change.
#include "mil/genomics/gene_aliases.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "mil/genomics/import/cells.h"
#include "mil/genomics/import/text_file.h"
#include "mil/genomics/table.h"
#include "mil/model_error.h"

namespace microtome {

namespace {

std::optional<std::size_t> column_of(const std::vector<std::string_view>& header, std::string_view name) {
  const auto found = std::find(header.begin(), header.end(), name);
  if (found == header.end()) return std::nullopt;
  return static_cast<std::size_t>(found - header.begin());
}

void add_names(GeneAliases& aliases, std::string_view names, const std::string& approved) {
  while (!names.empty()) {
    const std::size_t end = std::min(names.find('|'), names.size());
    aliases.add(trimmed_id(std::string(names.substr(0, end))), approved);
    names.remove_prefix(std::min(end + 1, names.size()));
  }
}

struct Columns {
  std::size_t approved;
  std::vector<std::size_t> former;  // in order of trust
};

Columns columns_of(const std::vector<std::string_view>& header, const std::filesystem::path& path) {
  const auto symbol = column_of(header, "symbol");
  const auto previous = column_of(header, "prev_symbol");
  const auto alias = column_of(header, "alias_symbol");
  if (symbol && (previous || alias)) {
    Columns columns{*symbol, {}};
    if (previous) columns.former.push_back(*previous);
    if (alias) columns.former.push_back(*alias);
    return columns;
  }
  if (header.size() >= 2) return {1, {0}};
  throw ModelError(path.string() +
                   ": read as a list of gene aliases: it has neither symbol and prev_symbol nor two columns: give HGNC's complete set, "
                   "or a table with the columns former and approved");
}

}  // namespace

void GeneAliases::add(const std::string& former, const std::string& approved) {
  if (former.empty() || approved.empty()) return;
  const auto [found, fresh] = former_.emplace(former, approved);
  if (!fresh && found->second != former && found->second != approved) found->second.clear();
}

void GeneAliases::add_approved(const std::string& approved) {
  if (!approved.empty()) former_[approved] = approved;
}

const std::string& GeneAliases::approved(const std::string& name) const {
  const auto found = former_.find(name);
  return found == former_.end() || found->second.empty() ? name : found->second;
}

GeneAliases read_gene_aliases(const std::filesystem::path& path) {
  const TextFile file = TextFile::read(path);
  CellReader header(file.text(), path.string());
  if (!header.next()) throw ModelError(path.string() + ": read as a list of gene aliases: it is empty: give HGNC's complete set");
  const Columns columns = columns_of(header.cells(), path);
  GeneAliases known;
  CellReader approved = header;
  while (approved.next()) known.add_approved(trimmed_id(std::string(approved.cell(columns.approved))));
  for (const std::size_t column : columns.former) {
    GeneAliases round;
    CellReader rows = header;
    while (rows.next()) add_names(round, rows.cell(column), trimmed_id(std::string(rows.cell(columns.approved))));
    known.add_unknown(round);
  }
  return known;
}

}  // namespace microtome
