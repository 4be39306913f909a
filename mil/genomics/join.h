// SPDX-License-Identifier: Apache-2.0
// Slides meet genomic rows by id, never by position, and every meeting is written down.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mil/genomics/gene_aliases.h"
#include "mil/genomics/table.h"

namespace microtome {

/// The ids of one slide, as the manifest or the TCGA barcode in its name gives them. Empty: unknown.
struct SlideKeys {
  std::string slide_id;
  std::string patient_id;
  std::string sample_id;
};

struct RowMatch {
  std::size_t row = 0;
  std::string matched_by;  // sample_id, patient_id, tcga-sample, tcga-patient, slide_id
};

/// What the join of a run found; goes into run.json.
struct JoinAudit {
  std::size_t slides = 0;
  std::size_t matched = 0;
  std::vector<std::pair<std::string, std::size_t>> matched_by;  // way -> count, in order of trust
  std::vector<std::string> slides_without_row;                  // slide ids, first 20
  std::size_t slides_without_row_count = 0;
  std::size_t rows_without_slide_count = 0;  // no ids: they may be patients outside this archive
  std::size_t genes_required = 0;
  std::size_t genes_found = 0;
  std::vector<std::string> genes_missing;  // first 20
  std::string table_sha256;
};

/// Finds rows of one table. Ways, in order: sample_id equals a row id; patient_id equals a row id, or the obs column patient_id of exactly
/// one row; TCGA barcodes cut to 15 then 12 characters; slide_id. Compares trimmed ids. Several rows of the table for one patient are an
/// ambiguity, not a choice: ModelError naming the patient's row count and two row positions, unless a more specific key (tcga-sample,
/// slide_id) names one of them. The manifest's patient_id outweighs the barcode in a slide's name.
class GenomicJoin {
 public:
  explicit GenomicJoin(const GenomicTable& table);
  std::optional<RowMatch> find(const SlideKeys& keys) const;
  /// One pass over all slides of a run. Throws ModelError on ambiguity.
  JoinAudit audit(const std::vector<SlideKeys>& slides) const;

 private:
  const GenomicTable* table_;  // outlives the join
  struct Index;
  std::shared_ptr<const Index> index_;
};

/// Column of each required gene in the table, or -1. By name; else by the table's column symbol where one gene alone has it; else by the
/// approved symbol that `aliases` gives for both. Throws ModelError naming the first missing genes when more than max_missing (share, 0..1)
/// are not there.
std::vector<std::int64_t> match_genes(const GenomicTable& table, const std::vector<std::string>& required, double max_missing,
                                      const GeneAliases* aliases = nullptr);

/// "TCGA-05-4244" from "TCGA-05-4244-01Z-00-DX1.<uuid>", nullopt for other names. formats.md 1.6.
std::optional<std::string> tcga_patient(const std::string& id);
std::optional<std::string> tcga_sample(const std::string& id);  // 15 characters

}  // namespace microtome
