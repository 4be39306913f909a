// SPDX-License-Identifier: Apache-2.0
#include "pipeline/inputs/modalities.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "mil/model_error.h"
#include "pipeline/inputs/clinical_table.h"

namespace microtome {
namespace {

namespace fs = std::filesystem;

struct NamedTable {
  std::string name;  // "": the table itself says it, or its file's name
  fs::path path;
  TableChoice choice;
};

NamedTable named(const std::string& text, const TableChoice& choice) {
  const auto equals = text.find('=');
  const bool has_name = equals != std::string::npos && text.substr(0, equals).find('/') == std::string::npos && !fs::exists(text);
  return {has_name ? text.substr(0, equals) : "", has_name ? text.substr(equals + 1) : text, choice};
}

/// One a matrix.
std::vector<NamedTable> named_tables(const TablesAsked& asked) {
  std::vector<NamedTable> out;
  for (const std::string& text : asked.genomics) {
    const NamedTable one = named(text, asked.reading.choice);
    const bool all = one.choice.modality.empty() && one.name.empty() && one.path.extension() == ".h5mu";
    const auto parts = all ? list_genomic_modalities(one.path) : std::vector<std::string>{""};
    if (parts.size() < 2) {
      out.push_back(one);
      continue;
    }
    for (const std::string& part : parts) out.push_back({part, one.path, {part, one.choice.layer}});
  }
  return out;
}

std::string own_name(const NamedTable& table, const GenomicSource& source, bool alone) {
  if (!table.name.empty()) return table.name;
  if (!source.table().modality.empty()) return source.table().modality;
  return alone ? "genomics" : table.path.stem().string();
}

void require_different(const std::vector<Modalities::Table>& tables) {
  std::set<std::string> seen;
  for (const auto& table : tables)
    if (!seen.insert(table.name).second)
      throw ModelError(fmt::format("the tables: different names were wanted: two are called '{}': name them, --genomics NAME=FILE", table.name));
}

GenomicReading reading_of(const TablesAsked& asked, const NamedTable& table) {
  GenomicReading reading = asked.reading;
  reading.choice = table.choice;
  return reading;
}

/// Before its genes are looked for: which modality of the card is this table of?
const Modality& modality_of(const NamedTable& table, const std::vector<const Modality*>& genomic, bool alone) {
  if (alone && genomic.size() == 1 && table.name.empty()) return *genomic.front();
  std::string name = table.name;
  if (name.empty()) name = read_genomic_index(table.path, table.choice).modality;
  if (name.empty()) name = table.path.stem().string();
  std::vector<std::string> names;
  for (const Modality* one : genomic) {
    if (one->name == name) return *one;
    names.push_back(one->name);
  }
  throw ModelError(fmt::format("{}: wanted a table of the model's modalities ({}), got '{}': name it, --genomics NAME=FILE, or leave it out", table.path.string(),
                               names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", ")), name));
}

std::unique_ptr<const GenomicSource> clinical_source(const TablesAsked& asked, const std::vector<std::string>& features, const std::vector<SlideKeys>& slides) {
  GenomicReading reading = asked.reading;
  reading.map.clear();  // it names rows of genomic tables
  return std::make_unique<const GenomicSource>(asked.clinical, read_clinical_table(asked.clinical, asked.clinical_columns, features), slides, reading);
}

}  // namespace

Modalities Modalities::of_tables(const TablesAsked& asked, const std::vector<SlideKeys>& slides) {
  Modalities out;
  const auto tables = named_tables(asked);
  for (const NamedTable& table : tables) {
    auto source = std::make_unique<const GenomicSource>(table.path, std::vector<std::string>{}, "", 0, slides, reading_of(asked, table));
    std::string name = own_name(table, *source, tables.size() == 1);
    out.tables_.push_back({std::move(name), std::move(source)});
  }
  if (!asked.clinical.empty()) out.tables_.push_back({kClinicalModality, clinical_source(asked, {}, slides)});
  require_different(out.tables_);
  return out;
}

Modalities Modalities::of_model(const ModelCard& card, const TablesAsked& asked, const std::vector<SlideKeys>& slides) {
  Modalities out;
  std::vector<const Modality*> genomic;
  for (const Modality& modality : card.modalities) {
    out.tables_.push_back({modality.name, nullptr});
    if (modality.name != kClinicalModality) genomic.push_back(&modality);
  }
  const auto place = [&](const std::string& name) -> Table& {
    Table& table = *std::find_if(out.tables_.begin(), out.tables_.end(), [&](const Table& one) { return one.name == name; });
    if (table.source) throw ModelError(fmt::format("the tables: one table a modality was wanted: '{}' has two", name));
    return table;
  };
  const auto tables = named_tables(asked);
  for (const NamedTable& table : tables) {
    const Modality& modality = modality_of(table, genomic, tables.size() == 1);
    place(modality.name).source =
        std::make_unique<const GenomicSource>(table.path, modality.features, modality.units, asked.max_missing_genes, slides, reading_of(asked, table));
  }
  if (asked.clinical.empty()) return out;
  const auto clinical = std::find_if(card.modalities.begin(), card.modalities.end(), [](const Modality& one) { return one.name == kClinicalModality; });
  if (clinical == card.modalities.end())
    throw ModelError(fmt::format("{}: wanted a model that takes clinical columns: this one was trained without: leave --clinical out", asked.clinical.string()));
  place(kClinicalModality).source = clinical_source(asked, clinical->features, slides);
  return out;
}

std::vector<TableRow> Modalities::rows(const SlideKeys& keys, std::vector<ModalityUse>* uses) const {
  std::vector<TableRow> rows;
  for (const Table& table : tables_) {
    ModalityUse use{table.name, false, "", "", {}};
    rows.push_back(table.source ? table.source->input(keys, &use) : TableRow{});
    use.name = table.name;
    if (uses) uses->push_back(std::move(use));
  }
  return rows;
}

std::optional<double> Modalities::value(const SlideKeys& keys, const std::string& table, const std::string& gene) const {
  for (const Table& one : tables_)
    if (one.name == table && one.source) return one.source->value(keys, gene);
  return std::nullopt;
}

std::vector<Modality> Modalities::cards() const {
  std::vector<Modality> cards;
  for (const Table& table : tables_) {
    Modality card;
    card.name = table.name;
    card.features = table.source->genes();
    card.units = table.source->table().units;
    cards.push_back(std::move(card));
  }
  return cards;
}

std::string Modalities::recipe() const {
  std::string recipe;
  for (const Table& table : tables_)
    if (table.source) recipe += fmt::format("{}{}={}", recipe.empty() ? "" : " ", table.name, table.source->recipe());
  return recipe;
}

}  // namespace microtome
