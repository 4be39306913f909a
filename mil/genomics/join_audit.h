// SPDX-License-Identifier: Apache-2.0
// What a join found, in numbers that do not depend on the order of rows or slides. Rows are counted and never named: their ids are a
// hospital's, and they may be patients outside this archive.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace microtome {

/// Slides of patients with several rows, and what settled them: a way (the slide named one of the rows), first-barcode or mean.
struct SettledDuplicates {
  std::string by;
  std::size_t slides = 0;
  std::size_t patients = 0;
  std::vector<std::string> first;  // slide ids, sorted, first 5
};

struct JoinAudit {
  std::string keys;        // text of the KeyRule
  std::string duplicates;  // word of the DuplicateRule
  std::string map_sha256;  // "": no map
  std::size_t slides = 0;
  std::size_t matched = 0;
  std::vector<std::pair<std::string, std::size_t>> matched_by;  // way -> count, in order of trust
  std::vector<std::string> slides_without_row;                  // slide ids, sorted, first 20
  std::size_t slides_without_row_count = 0;
  std::size_t patients = 0;  // as the slides name them; a slide that names none is a patient of its own
  std::size_t patients_without_row = 0;
  std::size_t rows = 0;
  std::size_t rows_without_slide_count = 0;
  std::vector<SettledDuplicates> settled;
  std::size_t other_sample_count = 0;      // slides that have their patient's row of another sample, e.g. a normal one
  std::vector<std::string> other_sample;  // slide ids, sorted, first 5
  std::size_t genes_required = 0;
  std::size_t genes_found = 0;
  std::size_t genes_by_symbol = 0;
  std::vector<std::pair<std::string, std::string>> genes_aliased;  // required -> the table's
  std::vector<std::string> genes_missing;
  double max_missing_genes = 0;
  double max_missing_patients = 1;
  std::string table_sha256;
  std::string units;

  std::size_t genes_by_name() const { return genes_found - genes_by_symbol - genes_aliased.size(); }
  double share_without_row() const { return patients == 0 ? 0 : static_cast<double>(patients_without_row) / static_cast<double>(patients); }
};

/// Throws ModelError when no slide has a row, or more than audit.max_missing_patients of the slides' patients have none.
void require_joined(const JoinAudit& audit);

}  // namespace microtome
