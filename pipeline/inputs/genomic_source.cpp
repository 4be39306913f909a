// SPDX-License-Identifier: Apache-2.0
#include "pipeline/inputs/genomic_source.h"

#include <fmt/format.h>

#include <cmath>
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
  if (reading.keys != "auto") recipe += " keys " + reading.keys;
  if (!reading.map.empty()) recipe += " map " + sha256_of_file(reading.map);
  if (reading.duplicates != "refuse") recipe += " duplicates " + reading.duplicates;
  return recipe;
}

JoinRules rules_of(const GenomicReading& reading) {
  const auto duplicates = duplicate_rule(reading.duplicates);
  if (!duplicates) throw ModelError(fmt::format("genomics.duplicates: wanted refuse, first-barcode or mean, got '{}'", reading.duplicates));
  return {KeyRule(reading.keys), *duplicates, reading.map.empty() ? JoinMap{} : read_join_map(reading.map)};
}

std::vector<std::size_t> rows_of(const GenomicJoin& join, const std::vector<SlideKeys>& slides) {
  std::set<std::size_t> rows;
  for (const SlideKeys& keys : slides) {
    if (const auto match = join.find(keys)) rows.insert(match->rows.begin(), match->rows.end());
  }
  return {rows.begin(), rows.end()};
}

void require_units(const std::string& wanted, const std::string& found) {
  if (wanted.empty() || found.empty() || wanted == found) return;
  throw ModelError(fmt::format("wanted values in '{}' as in training: the table says '{}': convert the table", wanted, found));
}

void add_genes(JoinAudit& audit, const GeneMatch& match, double max_missing) {
  audit.genes_required = match.columns.size();
  audit.genes_found = match.columns.size() - match.missing.size();
  audit.genes_by_symbol = match.by_symbol;
  audit.genes_aliased = match.aliased;
  audit.genes_missing = match.missing;
  audit.max_missing_genes = max_missing;
}

/// The audit is of the slides; whether the table will do is judged on the whole archive.
JoinAudit judged_audit(const GenomicJoin& join, const std::vector<SlideKeys>& slides, const GenomicReading& reading) {
  JoinAudit of_archive = join.audit(reading.archive.empty() ? slides : reading.archive);
  of_archive.max_missing_patients = reading.max_missing_patients;
  require_joined(of_archive);
  if (reading.archive.empty()) return of_archive;
  JoinAudit audit = join.audit(slides);
  audit.max_missing_patients = reading.max_missing_patients;
  return audit;
}

/// Of the rows that measured it, added in the order of their ids.
float mean_of(const std::vector<const float*>& rows, std::int64_t column) {
  double sum = 0;
  int measured = 0;
  for (const float* row : rows) {
    if (column < 0 || std::isnan(row[column])) continue;
    sum += row[column];
    ++measured;
  }
  return measured == 0 ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(sum / measured);
}

}  // namespace

GenomicReading genomic_reading(const Config& config) {
  const GenomicsSettings& g = config.genomics;
  return {{g.modality, g.layer}, g.aliases, g.keys, g.map, g.duplicates, config.run.max_missing_patients, {}};
}

GenomicSource::GenomicSource(const std::filesystem::path& path, const std::vector<std::string>& genes, const std::string& units,
                             double max_missing_genes, const std::vector<SlideKeys>& slides, const GenomicReading& reading) try
    : table_(std::make_unique<GenomicTable>(read_genomic_index(path, reading.choice))),
      join_(std::make_unique<GenomicJoin>(*table_, rules_of(reading))),
      genes_(genes.empty() ? table_->genes : genes),
      match_(match_genes(*table_, genes_, max_missing_genes, aliases_of(reading.aliases).get())),
      audit_(judged_audit(*join_, slides, reading)) {
  require_units(units, table_->units);
  add_genes(audit_, match_, max_missing_genes);
  const std::vector<std::size_t> rows = rows_of(*join_, slides);
  values_ = read_genomic_rows(path, *table_, rows, reading.choice);
  recipe_ = recipe_of(table_->sha256, reading);
  for (std::size_t i = 0; i < rows.size(); ++i) place_.emplace(rows[i], i);
} catch (const ModelError& e) {
  const std::string text = e.what();
  const bool of_another = !reading.map.empty() && text.rfind(reading.map.string(), 0) == 0;
  throw ModelError(of_another || text.rfind(path.string(), 0) == 0 ? text : fmt::format("{}: {}", path.string(), text));
}

GenomicSource::GenomicSource(const std::filesystem::path& path, GenomicTable table, const std::vector<SlideKeys>& slides, const GenomicReading& reading) try
    : table_(std::make_unique<GenomicTable>(std::move(table))),
      join_(std::make_unique<GenomicJoin>(*table_, rules_of(reading))),
      genes_(table_->genes),
      match_(match_genes(*table_, genes_, 0)),
      audit_(judged_audit(*join_, slides, reading)),
      recipe_(recipe_of(table_->sha256, reading)),
      values_(std::move(table_->values)) {
  add_genes(audit_, match_, 0);
  for (std::size_t row = 0; row < table_->row_ids.size(); ++row) place_.emplace(row, row);
} catch (const ModelError& e) {
  throw ModelError(fmt::format("{}: {}", path.string(), e.what()));
}

const float* GenomicSource::values_of(std::size_t row) const { return values_.data() + place_.at(row) * table_->genes.size(); }

TableRow GenomicSource::input(const SlideKeys& keys, ModalityUse* use) const {
  TableRow out;
  if (use) *use = ModalityUse{"genomics", false, "", "", {}};
  const auto match = join_->find(keys);
  if (!match) return out;
  out.present = true;
  std::vector<const float*> rows;
  for (const std::size_t row : match->rows) rows.push_back(values_of(row));
  out.values.reserve(match_.columns.size());
  for (const auto column : match_.columns) out.values.push_back(mean_of(rows, column));
  if (use) *use = ModalityUse{"genomics", true, match->matched_by, table_->row_ids[match->row], {}};
  return out;
}

std::optional<double> GenomicSource::value(const SlideKeys& keys, const std::string& gene) const {
  const auto found = std::find(table_->genes.begin(), table_->genes.end(), gene);
  const auto match = found == table_->genes.end() ? std::nullopt : join_->find(keys);
  if (!match) return std::nullopt;
  std::vector<const float*> rows;
  for (const std::size_t row : match->rows) rows.push_back(values_of(row));
  return mean_of(rows, found - table_->genes.begin());
}

}  // namespace microtome
