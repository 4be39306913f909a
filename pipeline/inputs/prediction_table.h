// SPDX-License-Identifier: Apache-2.0
// A table of predictions, as `microtome train` or anybody else writes it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pipeline/inputs/row_identity.h"

namespace microtome {

struct PredictedRow : RowIdentity {
  std::vector<double> probabilities;  // one a class, or a label
};

struct PredictionTable {
  bool of_slides = true;             // rows are slides; else patients
  bool has_patients = false;         // column patient_id beside slide_id
  std::vector<std::string> classes;  // of the columns prob_<class> (or prob_<name> of labels), in their order
  std::vector<PredictedRow> rows;    // sorted by id
};

/// Columns slide_id or patient_id (both: rows are slides), prob_<class> for two or more classes, optional fold; others are ignored.
/// Throws InputError, naming the row: missing or doubled columns, empty or doubled ids, folds that are no whole numbers, probabilities that
/// are no numbers in 0..1 or do not sum to 1 within 1e-3, no rows.
PredictionTable read_predictions(const std::filesystem::path& path);

/// The same of labels, each yes or no of its own: one column prob_<name> is enough, and a row need not sum to 1.
PredictionTable read_label_predictions(const std::filesystem::path& path);

/// Of the columns prob_<name>, in their order.
std::vector<std::string> predicted_names(const DelimitedTable& table);

/// read_delimited for tables of `evaluate`: what it refuses is an InputError, and so are two columns of one name.
DelimitedTable read_judged_table(const std::filesystem::path& path);

}  // namespace microtome
