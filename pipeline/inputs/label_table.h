// SPDX-License-Identifier: Apache-2.0
// What is known of slides or patients: the cells of one or several columns of labels.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "pipeline/inputs/delimited_table.h"

namespace microtome {

struct LabelledRow {
  std::vector<std::string> labels;  // one a column of labels; "": not known
  std::string patient_id;           // "": see LabelTable::has_patients
  std::vector<std::string> levels;  // one a subgroup column

  /// At least one label is known.
  bool known() const;
};

/// Keyed by slide, or by patient.
struct LabelTable {
  bool by_slide = true;
  bool has_patients = false;  // beside slide_id
  std::map<std::string, LabelledRow> rows;
  std::size_t known() const;  // rows
};

/// Which rows are read: those with a label, or also those whose labels are all unknown.
enum class LabelRows { known, all };

/// The cells of `label_columns`, of a table that has slide_id or patient_id. `of_slides`: what the predictions are of; then slide_id is the
/// key where there is one. Rows of one patient become one; a label that is known in one of them holds for it. Throws InputError under
/// `path`, naming row and id: no patient_id for predictions of patients, doubled ids, slides of a patient that disagree. Throws
/// ConfigError: a subgroup column that is not there.
LabelTable label_table(const std::filesystem::path& path, const DelimitedTable& table, bool of_slides,
                       const std::vector<std::size_t>& label_columns, const std::vector<std::string>& subgroup_columns,
                       LabelRows rows = LabelRows::known);

}  // namespace microtome
