// SPDX-License-Identifier: Apache-2.0
// Predicted and known numbers, joined by id: what an evaluation of regression starts from.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "mil/evaluation/regression/judged_regression.h"
#include "mil/genomics/join.h"

namespace microtome {

struct RegressionSet {
  JudgedRegression judged;       // rows in the order of their ids
  std::vector<std::string> ids;  // (N) stay inside the program
  std::string unit;              // what a row is: "slide" or "patient"
  std::string target;            // the labels' column of known numbers
  std::size_t predictions = 0;   // rows of the predictions that were joined, as many as N or more
  bool averaged = false;         // rows are patients, and values of several slides were averaged
  std::string patients_from;     // how rows were put together to patients; a sentence
  std::size_t labels_without_predictions = 0;
  std::size_t labels_without_value = 0;          // slides or patients whose cell is empty
  std::size_t predictions_without_value = 0;     // rows of these, left out
  std::vector<std::vector<std::string>> levels;  // of each subgroup column, (N)
};

/// Every prediction must have a row in the labels; labels may be left over, and are counted, and so are those without a number, whose
/// predictions are left out. Labels by slide_id where both tables have it, else by patient_id; then the values of a patient's slides are
/// averaged. Patients are the tables' patient_id, else the patient in a TCGA barcode, else each slide is one. Throws what read_values and
/// read_known_values throw, and InputError: a prediction without a label, patients that differ between the tables or lie in two folds, no
/// row with a known number.
RegressionSet read_regression_set(const std::filesystem::path& predictions, const std::filesystem::path& labels,
                                  const std::vector<std::string>& subgroup_columns, const std::string& target);

/// Those of the slides that have a known number by these rules, in the order given, with the ids that a table may know them by. Throws what
/// read_known_values throws.
std::vector<SlideKeys> valued_slides(const std::filesystem::path& labels, const std::vector<std::string>& slide_ids,
                                     const std::string& target);

/// Leaves in both sets the rows that both have. Returns how many were left out of either. Throws InputError, naming `path`: slides beside
/// patients, other patients, nothing in both.
std::size_t pair_up(RegressionSet& one, RegressionSet& other, const std::filesystem::path& path);

}  // namespace microtome
