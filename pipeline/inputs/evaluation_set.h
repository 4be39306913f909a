// SPDX-License-Identifier: Apache-2.0
// Predictions and labels, joined by id: what an evaluation starts from.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "mil/evaluation/judged.h"
#include "mil/genomics/join.h"
#include "pipeline/inputs/prediction_table.h"

namespace microtome {

struct EvaluationSet {
  Judged judged;                 // rows in the order of their ids; no decisions yet
  std::vector<std::string> ids;  // (N) stay inside the program
  std::string unit;              // what a row is: "slide" or "patient"
  bool averaged = false;         // rows are patients whose slides' probabilities were averaged
  std::string patients_from;     // how rows were put together to patients; a sentence
  std::size_t labels_without_predictions = 0;
  std::vector<std::vector<std::string>> levels;  // of each subgroup column, (N)
};

/// Every prediction must have a label; labels may be left over, and are counted. Labels by slide_id where both tables have it, else by
/// patient_id; then the probabilities of a patient's slides are averaged. Patients are the tables' patient_id, else the patient in a TCGA
/// barcode, else each slide is one. Throws InputError: what read_predictions refuses, a prediction without a label, a label that is no
/// class, doubled ids, patients that differ between the tables or lie in two folds, one class only. Throws ConfigError: a subgroup column
/// that the labels lack.
EvaluationSet read_evaluation_set(const std::filesystem::path& predictions, const std::filesystem::path& labels,
                                  const std::vector<std::string>& subgroup_columns);

/// The same of predictions in memory, sorted by id. `name` stands for their file in sentences.
EvaluationSet join_labels(PredictionTable predictions, const std::filesystem::path& name, const std::filesystem::path& labels,
                          const std::vector<std::string>& subgroup_columns);

/// Those of the slides that have a label by these rules, in the order given, with the ids that a genomic table may know them by. Throws InputError.
std::vector<SlideKeys> labelled_slides(const std::filesystem::path& labels, const std::vector<std::string>& slide_ids);

/// Leaves in both sets the rows that both have, with the classes in `one`'s order. Returns how many rows were left out of either. Throws
/// InputError, naming `path`: other classes, slides beside patients, other labels or patients, nothing in both, one class only.
std::size_t pair_up(EvaluationSet& one, EvaluationSet& other, const std::filesystem::path& path);

}  // namespace microtome
