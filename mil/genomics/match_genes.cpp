// SPDX-License-Identifier: Apache-2.0
// A gene is looked for under its name, its symbol and its approved symbol, in this order; a name that two genes have finds neither.
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

  std::int64_t column_of(const std::string& gene) const {
    std::int64_t column = find(names_, gene);
    if (column == nowhere) column = find(symbols_, gene);
    if (column == nowhere && aliases_ != nullptr) column = find(approved_, aliases_->approved(gene));
    return column;
  }

 private:
  const GeneAliases* aliases_;
  Columns names_;
  Columns symbols_;
  Columns approved_;
};

}  // namespace

std::vector<std::int64_t> match_genes(const GenomicTable& table, const std::vector<std::string>& required, double max_missing,
                                      const GeneAliases* aliases) {
  const GeneIndex index(table, aliases);
  std::vector<std::int64_t> found;
  std::size_t missing = 0;
  std::string named;
  for (const std::string& gene : required) {
    found.push_back(index.column_of(trimmed_id(gene)));
    if (found.back() == nowhere && ++missing <= examples) named += (named.empty() ? "" : ", ") + gene;
  }
  if (missing == 0 || static_cast<double>(missing) / static_cast<double>(required.size()) <= max_missing) return found;
  throw ModelError("genomic table: find the " + std::to_string(required.size()) + " genes of the model: " + std::to_string(missing) +
                   " are missing, more than the allowed share (" + named + (missing > examples ? ", ..." : "") +
                   "): check that the table uses the model's gene names, or give a list of aliases with --genomics.aliases");
}

}  // namespace microtome
