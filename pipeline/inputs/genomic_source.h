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

/// Which of the file's matrices, and under which names its genes may be found.
struct GenomicReading {
  TableChoice choice;
  std::filesystem::path aliases;  // file of gene_aliases.h; empty: none
};

GenomicReading genomic_reading(const GenomicsSettings& settings);

class GenomicSource {
 public:
  /// Reads the table's index, audits the join with `slides` and reads the rows of these slides, no others. `genes` empty: every gene of the
  /// table (training). Throws ModelError.
  GenomicSource(const std::filesystem::path& path, const std::vector<std::string>& genes, const std::string& units,
                double max_missing_genes, const std::vector<SlideKeys>& slides, const GenomicReading& reading = {});

  /// The same of a table in memory, with its values; its genes are taken as they are. `path`: what messages name.
  GenomicSource(const std::filesystem::path& path, GenomicTable table, const std::vector<SlideKeys>& slides, const GenomicReading& reading = {});

  /// The row of one of the slides in the order of genes(); present is false when the table has none. Thread-safe.
  TableRow input(const SlideKeys& keys, ModalityUse* use) const;

  /// Of any gene of the table, by its name there, in the table's units; nullopt: no row or no such gene. Walks over the genes. Thread-safe.
  std::optional<double> value(const SlideKeys& keys, const std::string& gene) const;

  const JoinAudit& audit() const { return audit_; }
  const GenomicTable& table() const { return *table_; }  // without its values
  /// The table's sha256, and what else decides which numbers are read from it.
  const std::string& recipe() const { return recipe_; }
  const std::vector<std::string>& genes() const { return genes_; }

 private:
  std::unique_ptr<GenomicTable> table_;  // its address must stay: the join points to it
  std::unique_ptr<GenomicJoin> join_;
  std::vector<std::string> genes_;
  std::vector<std::int64_t> columns_;  // of each gene, -1: missing
  JoinAudit audit_;
  std::string recipe_;
  std::unordered_map<std::size_t, std::size_t> place_;  // row of the table -> row of values_
  std::vector<float> values_;
};

}  // namespace microtome
