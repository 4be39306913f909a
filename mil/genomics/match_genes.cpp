// SPDX-License-Identifier: Apache-2.0
// A gene is looked for under its name, its symbol and its approved symbol, in this order; a name that two genes have finds neither.
#include <algorithm>
#include <unordered_map>

#include "mil/genomics/join.h"
#include "mil/model_error.h"

namespace microtome {

namespace {

constexpr std::size_t examples = 20;
constexpr std::int64_t nowhere = -1;
constexpr std::int64_t several = -2;

using Columns = std::unordered_map<std::string, std::int64_t>;

void add(Columns& columns, const std::string& name, std::size_t column) {
  if (name.empty()) return;
  const auto [found, fresh] = columns.emplace(name, static_cast<std::int64_t>(column));
  if (!fresh) found->second = several;
}

std::int64_t find(const Columns& columns, const std::string& name) {
  const auto found = columns.find(name);
  return found == columns.end() || found->second == several ? nowhere : found->second;
}

class GeneIndex {
 public:
  GeneIndex(const GenomicTable& table, const GeneAliases* aliases) : aliases_(aliases) {
    const auto symbols = table.gene_columns.find("symbol");
    for (std::size_t i = 0; i < table.genes.size(); ++i) {
      const std::string name = trimmed_id(table.genes[i]);
      const std::string symbol = symbols == table.gene_columns.end() ? "" : symbols->second.at(i);
      add(names_, name, i);
      add(symbols_, symbol, i);
      if (aliases != nullptr) add(approved_, aliases->approved(symbol.empty() ? name : symbol), i);
    }
  }

  std::int64_t by_name(const std::string& gene) const { return find(names_, gene); }
  std::int64_t by_symbol(const std::string& gene) const { return find(symbols_, gene); }
  std::int64_t by_alias(const std::string& gene) const { return aliases_ == nullptr ? nowhere : find(approved_, aliases_->approved(gene)); }

 private:
  const GeneAliases* aliases_;
  Columns names_;
  Columns symbols_;
  Columns approved_;
};

std::string listed(const std::vector<std::string>& genes) {
  std::string text;
  for (std::size_t i = 0; i < std::min(examples, genes.size()); ++i) text += (i == 0 ? "" : ", ") + genes[i];
  return genes.size() > examples ? text + ", ..." : text;
}

}  // namespace

GeneMatch match_genes(const GenomicTable& table, const std::vector<std::string>& required, double max_missing, const GeneAliases* aliases) {
  const GeneIndex index(table, aliases);
  GeneMatch match;
  for (const std::string& gene : required) {
    const std::string name = trimmed_id(gene);
    std::int64_t column = index.by_name(name);
    if (column == nowhere && (column = index.by_symbol(name)) != nowhere) ++match.by_symbol;
    if (column == nowhere && (column = index.by_alias(name)) != nowhere)
      match.aliased.emplace_back(name, table.genes[static_cast<std::size_t>(column)]);
    if (column == nowhere) match.missing.push_back(name);
    match.columns.push_back(column);
  }
  const std::size_t missing = match.missing.size();
  if (missing == 0 || static_cast<double>(missing) / static_cast<double>(required.size()) <= max_missing) return match;
  throw ModelError("genomic table: find the " + std::to_string(required.size()) + " genes of the model: " + std::to_string(missing) +
                   " are missing, more than the allowed share (" + listed(match.missing) +
                   "): check that the table uses the model's gene names, or give a list of aliases with --genomics.aliases");
}

}  // namespace microtome
