// SPDX-License-Identifier: Apache-2.0
// Slides meet genomic rows by id, never by position, and every meeting is written down.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mil/genomics/gene_aliases.h"
#include "mil/genomics/join_audit.h"
#include "mil/genomics/join_map.h"
#include "mil/genomics/key_rule.h"
#include "mil/genomics/table.h"

namespace microtome {

/// The ids of one slide, as the manifest or the TCGA barcode in its name gives them. Empty: unknown.
struct SlideKeys {
  std::string slide_id;
  std::string patient_id;
  std::string sample_id;
};

/// What is done where several rows of a patient are left. refuse: ModelError. first_barcode: the row whose id is the smallest text, capital
/// letters or not; of TCGA's aliquot barcodes that is the lowest sample type (tumour before normal), then vial, portion, analyte, plate and
/// centre, after GDC's habit of one aliquot a sample. mean: of what they measured.
enum class DuplicateRule { refuse, first_barcode, mean };

/// nullopt for other words than refuse, first-barcode, mean.
std::optional<DuplicateRule> duplicate_rule(const std::string& word);
const char* word_of(DuplicateRule rule);

/// How slides find their rows.
struct JoinRules {
  KeyRule keys;
  DuplicateRule duplicates = DuplicateRule::refuse;
  JoinMap map;
};

struct RowMatch {
  std::size_t row = 0;
  std::string matched_by;         // the way, and the rule of duplicates where it chose: "tcga-patient, first-barcode"
  std::string way;                // of GenomicJoin::ways()
  std::vector<std::size_t> rows;  // `row` alone, or all that are averaged, by id
  bool chosen = false;            // by the rule of duplicates
  std::size_t of_patient = 1;     // rows that the table has for the slide's patient
  bool other_sample = false;      // found by patient, while the row's id names another sample: another sample type, in TCGA
};

/// Finds rows of one table. First the map, where one is given: what it names is found there or nowhere. Then by ids that are compared (rules
/// auto and exact): sample_id equals a row id; patient_id equals a row id, or the obs column patient_id of exactly one row. Then by the parts
/// that the rule reads in ids (tcga-sample, cptac-patient, regex-slide, ...), samples before patients; then by slide. A slide's patient_id
/// outweighs what its name says, as a row's obs column patient_id does. Several rows of the table for one patient are an ambiguity, unless a
/// more specific key (sample, slide) names one of them: then DuplicateRule says what happens, among the rows of the most specific key.
class GenomicJoin {
 public:
  /// Throws ModelError for a map that names rows which the table does not have.
  explicit GenomicJoin(const GenomicTable& table, const JoinRules& rules = {});
  /// Throws ModelError on ambiguity, naming the patient's row count and two row positions. Thread-safe.
  std::optional<RowMatch> find(const SlideKeys& keys) const;
  /// One pass over all slides of a run. Throws ModelError on ambiguity.
  JoinAudit audit(const std::vector<SlideKeys>& slides) const;
  /// In order of trust.
  std::vector<std::string> ways() const;

 private:
  struct Index;
  const MappedRow* mapped(const SlideKeys& keys) const;
  std::vector<std::size_t> in_order(std::vector<std::size_t> rows) const;  // by id
  std::string patient_of(const SlideKeys& keys) const;
  const GenomicTable* table_;  // outlives the join
  JoinRules rules_;
  std::shared_ptr<const Index> index_;
};

/// Where required genes are in a table.
struct GeneMatch {
  std::vector<std::int64_t> columns;  // of each required gene, or -1
  std::size_t by_symbol = 0;
  std::vector<std::pair<std::string, std::string>> aliased;  // required -> the table's, found through the list of aliases
  std::vector<std::string> missing;
};

/// By name; else by the table's column symbol where one gene alone has it; else by the approved symbol that `aliases` gives for both. Throws
/// ModelError naming the first missing genes when more than max_missing (share, 0..1) are not there.
GeneMatch match_genes(const GenomicTable& table, const std::vector<std::string>& required, double max_missing,
                      const GeneAliases* aliases = nullptr);

}  // namespace microtome
