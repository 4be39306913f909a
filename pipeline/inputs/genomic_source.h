// SPDX-License-Identifier: Apache-2.0
// The genomic table of a run, matched to its model and its slides once, before the first slide is opened.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "mil/aggregators/slide_model.h"
#include "mil/genomics/join.h"
#include "mil/genomics/table.h"
#include "pipeline/config.h"

namespace microtome {

/// Which of the file's matrices, under which names its genes may be found, and how slides find its rows.
struct GenomicReading {
  TableChoice choice;
  std::filesystem::path aliases;      // file of gene_aliases.h; empty: none
  std::string keys = "auto";          // of key_rule.h
  std::filesystem::path map;          // file of join_map.h; empty: none
  std::string duplicates = "refuse";  // word of a DuplicateRule
  double max_missing_patients = 1;    // share of the slides' patients that may have no row
  std::vector<SlideKeys> archive;     // of which `slides` are a task's share: its patients are judged; empty: those of the slides
};

GenomicReading genomic_reading(const Config& config);

/// What one table of a run gave, under the name of its modality.
struct JoinedTable {
  std::string name;
  JoinAudit audit;
};

class GenomicSource {
 public:
  /// Reads the table's index, audits the join with `slides` and reads the rows of these slides, no others. `genes` empty: every gene of the
  /// table (training). Throws ModelError: what the parts throw, units of another kind, no row for anybody, too many patients without one.
  GenomicSource(const std::filesystem::path& path, const std::vector<std::string>& genes, const std::string& units,
                double max_missing_genes, const std::vector<SlideKeys>& slides, const GenomicReading& reading = {});

  /// The same of a table in memory, with its values; its genes are taken as they are. `path`: what messages name.
  GenomicSource(const std::filesystem::path& path, GenomicTable table, const std::vector<SlideKeys>& slides, const GenomicReading& reading = {});

  /// The row of one of the slides in the order of genes(), of several the mean of what they measured; present is false when the table has
  /// none. Thread-safe.
  TableRow input(const SlideKeys& keys, ModalityUse* use) const;

  /// Of any gene of the table, by its name there, in the table's units; nullopt: no row or no such gene. Walks over the genes. Thread-safe.
  std::optional<double> value(const SlideKeys& keys, const std::string& gene) const;

  const JoinAudit& audit() const { return audit_; }
  const GenomicTable& table() const { return *table_; }  // without its values
  /// The table's sha256, and what else decides which numbers are read from it.
  const std::string& recipe() const { return recipe_; }
  const std::vector<std::string>& genes() const { return genes_; }

 private:
  const float* values_of(std::size_t row) const;
  std::unique_ptr<GenomicTable> table_;  // its address must stay: the join points to it
  std::unique_ptr<GenomicJoin> join_;
  std::vector<std::string> genes_;
  GeneMatch match_;
  JoinAudit audit_;
  std::string recipe_;
  std::unordered_map<std::size_t, std::size_t> place_;  // row of the table -> row of values_
  std::vector<float> values_;
};

}  // namespace microtome
