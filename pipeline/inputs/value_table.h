// SPDX-License-Identifier: Apache-2.0
// Tables of numbers for an evaluation of regression: those that a model predicted, and those that are known.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "pipeline/inputs/row_identity.h"

namespace microtome {

inline constexpr const char* kValueColumn = "value";  // of predictions; of labels too, where no other is named

struct ValueRow : RowIdentity {
  double value = 0;
};

struct ValueTable {
  bool of_slides = true;       // rows are slides; else patients
  bool has_patients = false;   // column patient_id beside slide_id
  std::vector<ValueRow> rows;  // sorted by id
};

/// Whether a table of predictions is one of numbers: by its header row. Throws InputError: it has a column risk or prob_<class> too.
bool predicts_value(const std::filesystem::path& path);

/// Columns slide_id or patient_id (both: rows are slides), value, optional fold; others are ignored. Throws InputError, naming the row:
/// what predicts_value refuses, missing or doubled columns, empty or doubled ids, values that are no finite numbers or larger than 1e100,
/// no rows.
ValueTable read_values(const std::filesystem::path& path);

struct KnownRow {
  double value = 0;
  std::string patient_id;           // "": see KnownValues::has_patients
  std::vector<std::string> levels;  // one a subgroup column
  std::size_t line = 0;
};

/// Keyed by slide, or by patient.
struct KnownValues {
  bool by_slide = true;
  bool has_patients = false;  // beside slide_id
  std::map<std::string, KnownRow> rows;
  std::set<std::string> without_value;  // ids whose cells are empty, in all of their rows
};

/// Columns slide_id or patient_id, and the number under `target`. `of_slides`: what the predictions are of; then slide_id is the key where
/// there is one. Rows with an empty cell there are left out; slides of a patient must agree where patients are the key. Throws InputError,
/// naming the row: missing columns, values that are neither empty nor finite numbers, or larger than 1e100, doubled ids. Throws
/// ConfigError: a subgroup column that is not there, or the target, where it is another name than value. `option`: how users name it.
KnownValues read_known_values(const std::filesystem::path& path, bool of_slides, const std::vector<std::string>& subgroup_columns,
                              const std::string& target, const std::string& option = "--evaluate.target");

}  // namespace microtome
