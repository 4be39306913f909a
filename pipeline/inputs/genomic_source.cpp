// SPDX-License-Identifier: Apache-2.0
#include "pipeline/inputs/genomic_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "mil/model_error.h"
#include "mil/sha256.h"

namespace microtome {
namespace {

std::unique_ptr<GeneAliases> aliases_of(const std::filesystem::path& path) {
  return path.empty() ? nullptr : std::make_unique<GeneAliases>(read_gene_aliases(path));
}

std::string recipe_of(const std::string& sha256, const GenomicReading& reading) {
  std::string recipe = sha256;
  if (!reading.choice.modality.empty()) recipe += " modality " + reading.choice.modality;
  if (!reading.choice.layer.empty()) recipe += " layer " + reading.choice.layer;
  if (!reading.aliases.empty()) recipe += " aliases " + sha256_of_file(reading.aliases);
  return recipe;
}

std::vector<std::size_t> rows_of(const GenomicJoin& join, const std::vector<SlideKeys>& slides) {
  std::set<std::size_t> rows;
  for (const SlideKeys& keys : slides) {
    if (const auto match = join.find(keys)) rows.insert(match->row);
  }
  return {rows.begin(), rows.end()};
}

}  // namespace

GenomicReading genomic_reading(const GenomicsSettings& settings) { return {{settings.modality, settings.layer}, settings.aliases}; }

GenomicSource::GenomicSource(const std::filesystem::path& path, const std::vector<std::string>& genes, const std::string& units,
                             double max_missing_genes, const std::vector<SlideKeys>& slides, const GenomicReading& reading) try
    : table_(std::make_unique<GenomicTable>(read_genomic_index(path, reading.choice))),
      join_(std::make_unique<GenomicJoin>(*table_)),
      genes_(genes.empty() ? table_->genes : genes),
      columns_(match_genes(*table_, genes_, max_missing_genes, aliases_of(reading.aliases).get())),
      audit_(join_->audit(slides)) {
  if (!units.empty() && !table_->units.empty() && units != table_->units) {
    throw ModelError(fmt::format("wanted values in '{}' as in training: the table says '{}': convert the table", units, table_->units));
  }
  audit_.genes_required = genes_.size();
  for (std::size_t g = 0; g < genes_.size(); ++g) {
    if (columns_[g] >= 0) {
      ++audit_.genes_found;
    } else if (audit_.genes_missing.size() < 20) {
      audit_.genes_missing.push_back(genes_[g]);
    }
  }
  const std::vector<std::size_t> rows = rows_of(*join_, slides);
  values_ = read_genomic_rows(path, *table_, rows, reading.choice);
  recipe_ = recipe_of(table_->sha256, reading);
  for (std::size_t i = 0; i < rows.size(); ++i) place_.emplace(rows[i], i);
} catch (const ModelError& e) {
  const std::string text = e.what();
  throw ModelError(text.rfind(path.string(), 0) == 0 ? text : fmt::format("{}: {}", path.string(), text));
}

GenomicSource::GenomicSource(const std::filesystem::path& path, GenomicTable table, const std::vector<SlideKeys>& slides, const GenomicReading&) try
    : table_(std::make_unique<GenomicTable>(std::move(table))),
      join_(std::make_unique<GenomicJoin>(*table_)),
      genes_(table_->genes),
      audit_(join_->audit(slides)),
      recipe_(table_->sha256),
      values_(std::move(table_->values)) {
  for (std::size_t g = 0; g < genes_.size(); ++g) columns_.push_back(static_cast<std::int64_t>(g));
  for (std::size_t row = 0; row < table_->row_ids.size(); ++row) place_.emplace(row, row);
  audit_.genes_required = audit_.genes_found = genes_.size();
} catch (const ModelError& e) {
  throw ModelError(fmt::format("{}: {}", path.string(), e.what()));
}

TableRow GenomicSource::input(const SlideKeys& keys, ModalityUse* use) const {
  TableRow out;
  if (use) *use = ModalityUse{"genomics", false, "", "", {}};
  const auto match = join_->find(keys);
  if (!match) return out;
  out.present = true;
  out.values.reserve(columns_.size());
  const float* row = values_.data() + place_.at(match->row) * table_->genes.size();
  for (const auto column : columns_) out.values.push_back(column < 0 ? std::numeric_limits<float>::quiet_NaN() : row[column]);
  if (use) *use = ModalityUse{"genomics", true, match->matched_by, table_->row_ids[match->row], {}};
  return out;
}

std::optional<double> GenomicSource::value(const SlideKeys& keys, const std::string& gene) const {
  const auto found = std::find(table_->genes.begin(), table_->genes.end(), gene);
  const auto match = found == table_->genes.end() ? std::nullopt : join_->find(keys);
  if (!match) return std::nullopt;
  return values_[place_.at(match->row) * table_->genes.size() + static_cast<std::size_t>(found - table_->genes.begin())];
}

}  // namespace microtome
