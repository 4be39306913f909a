// SPDX-License-Identifier: Apache-2.0
#include "pipeline/inputs/gene_sets.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <unordered_map>

#include "mil/genomics/table.h"
#include "pipeline/config.h"
#include "pipeline/inputs/delimited_table.h"

namespace microtome {
namespace {

namespace fs = std::filesystem;

void add_gene(GeneSet& set, const std::string& text) {
  const std::string gene = trimmed_id(text);
  if (!gene.empty() && std::find(set.genes.begin(), set.genes.end(), gene) == set.genes.end()) set.genes.push_back(gene);
}

std::vector<GeneSet> read_gmt(const fs::path& path) {
  std::ifstream file(path);
  if (!file) throw ConfigError(fmt::format("{}: wanted a file of gene sets: it cannot be opened", path.string()));
  std::vector<GeneSet> sets;
  std::size_t line = 0;
  for (std::string text; std::getline(file, text);) {
    ++line;
    if (trimmed_id(text).empty()) continue;
    std::istringstream cells(text);
    GeneSet set;
    std::string description;
    std::getline(cells, set.name, '\t');
    std::getline(cells, description, '\t');
    for (std::string gene; std::getline(cells, gene, '\t');) add_gene(set, gene);
    set.name = trimmed_id(set.name);
    if (set.name.empty() || set.genes.empty())
      throw ConfigError(fmt::format("{}: line {}: wanted name, description and genes between tabs, got {}", path.string(), line,
                                    set.name.empty() ? "no name" : "no genes"));
    sets.push_back(std::move(set));
  }
  return sets;
}

std::vector<GeneSet> read_columns(const fs::path& path) {
  const DelimitedTable table = read_delimited(path);
  std::vector<GeneSet> sets;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    GeneSet set{trimmed_id(table.columns[c]), {}};
    for (const auto& row : table.rows) add_gene(set, row[c]);
    if (set.name.empty() && set.genes.empty()) continue;
    if (set.name.empty() || set.genes.empty())
      throw ConfigError(fmt::format("{}: column {}: wanted the name of a set and genes below it, got {}", path.string(), c + 1,
                                    set.name.empty() ? "no name" : "no genes"));
    sets.push_back(std::move(set));
  }
  return sets;
}

}  // namespace

std::vector<GeneSet> read_gene_sets(const fs::path& path) {
  auto sets = path.extension() == ".gmt" ? read_gmt(path) : read_columns(path);
  if (sets.empty()) throw ConfigError(fmt::format("{}: wanted gene sets: there are none", path.string()));
  std::set<std::string> names;
  for (const GeneSet& set : sets)
    if (!names.insert(set.name).second) throw ConfigError(fmt::format("{}: wanted each gene set once: '{}' is there twice", path.string(), set.name));
  return sets;
}

std::vector<FeatureGroup> groups_of(const std::vector<GeneSet>& sets, const Modality& modality, const fs::path& path) {
  std::unordered_map<std::string, std::int64_t> index;
  for (std::size_t f = 0; f < modality.features.size(); ++f) index.emplace(modality.features[f], static_cast<std::int64_t>(f));
  std::vector<FeatureGroup> groups;
  for (const GeneSet& set : sets) {
    FeatureGroup group{set.name, {}};
    for (const std::string& gene : set.genes)
      if (const auto found = index.find(gene); found != index.end()) group.features.push_back(found->second);
    std::sort(group.features.begin(), group.features.end());
    if (!group.features.empty()) groups.push_back(std::move(group));
  }
  if (groups.empty())
    throw ConfigError(fmt::format("{}: wanted gene sets with genes of the table '{}': none of {} sets has any: are the names symbols in both?", path.string(),
                                  modality.name, sets.size()));
  return groups;
}

}  // namespace microtome
