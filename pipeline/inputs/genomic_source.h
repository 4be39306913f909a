// SPDX-License-Identifier: Apache-2.0
// The genomic table of a run, matched to its model and its slides once, before the first slide is opened.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "mil/aggregators/slide_model.h"
#include "mil/genomics/join.h"
#include "mil/genomics/table.h"

namespace microtome {

class GenomicSource {
 public:
  /// Reads the table and audits the join with `slides`. `genes` empty: every gene of the table (training). Throws ModelError.
  GenomicSource(const std::filesystem::path& path, const std::vector<std::string>& genes, const std::string& units,
                double max_missing_genes, const std::vector<SlideKeys>& slides);

  /// The row of a slide in the order of genes(); present is false when the table has none. Thread-safe.
  GenomicInput input(const SlideKeys& keys, ModalityUse* use) const;

  const JoinAudit& audit() const { return audit_; }
  const GenomicTable& table() const { return *table_; }
  const std::vector<std::string>& genes() const { return genes_; }

 private:
  std::unique_ptr<GenomicTable> table_;  // its address must stay: the join points to it
  std::unique_ptr<GenomicJoin> join_;
  std::vector<std::string> genes_;
  std::vector<std::int64_t> columns_;  // of each gene, -1: missing
  JoinAudit audit_;
};

}  // namespace microtome
