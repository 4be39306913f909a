// SPDX-License-Identifier: Apache-2.0
// The tables that a model takes beside the tiles, each joined to the slides by id, once, before the first slide is opened.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mil/aggregators/slide_model.h"
#include "pipeline/inputs/genomic_source.h"

namespace microtome {

/// What the command line says of tables.
struct TablesAsked {
  std::vector<std::string> genomics;  // "FILE" or "NAME=FILE"; of a .h5mu without a chosen modality, all of its tables
  std::filesystem::path clinical;     // CSV; empty: none
  std::string clinical_columns;       // of training: separated by commas; empty: all
  GenomicReading reading;
  double max_missing_genes = 0;

  bool any() const { return !genomics.empty() || !clinical.empty(); }
};

class Modalities {
 public:
  /// Of training: the tables decide which modalities there are, in the order of the command line, clinical last. Throws ModelError (a table, two tables
  /// of one name), ConfigError and InputError (the clinical table).
  static Modalities of_tables(const TablesAsked& asked, const std::vector<SlideKeys>& slides);
  /// Of a trained model: the modalities are the card's; one without a table is missing for every slide. A table that no modality has the name of is a
  /// ModelError; where model and command line have one genomic table each, names need not agree.
  static Modalities of_model(const ModelCard& card, const TablesAsked& asked, const std::vector<SlideKeys>& slides);

  /// A row a modality, of one of the slides. `uses` gets what was found, in the same order. Thread-safe.
  std::vector<TableRow> rows(const SlideKeys& keys, std::vector<ModalityUse>* uses = nullptr) const;

  /// Of any gene or column of a table, whether a model takes it or not, in the table's units; nullopt: no such table, no row, no such gene. Thread-safe.
  std::optional<double> value(const SlideKeys& keys, const std::string& table, const std::string& gene) const;

  struct Table {
    std::string name;
    std::unique_ptr<const GenomicSource> source;  // null: the modality has no table in this run
  };
  const std::vector<Table>& tables() const { return tables_; }
  /// Name, features and units of each, for a card that is trained.
  std::vector<Modality> cards() const;
  /// What decides which numbers are read: "" without any table.
  std::string recipe() const;

 private:
  std::vector<Table> tables_;
};

}  // namespace microtome
