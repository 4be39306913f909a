// SPDX-License-Identifier: Apache-2.0
// Predictions meet labels by id, whatever the labels are.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "pipeline/inputs/label_table.h"
#include "pipeline/inputs/prediction_table.h"

namespace microtome {

struct JoinedRow {
  std::string id;  // of the slide, or of the patient; stays inside the program
  PredictedRow predicted;
  const LabelledRow* labelled = nullptr;  // in the table of labels, which outlives this
  int patient = 0;                        // 0, 1, ... in the order of the rows
};

struct JoinedLabels {
  std::vector<JoinedRow> rows;  // in the order of their ids
  std::string unit;             // what a row is: "slide" or "patient"
  bool averaged = false;        // rows are patients whose slides' probabilities were averaged
  std::string patients_from;    // how rows were put together to patients; a sentence
};

/// By slide_id where both tables have it, else by patient_id; then the probabilities of a patient's slides are averaged. Patients are the
/// tables' patient_id, else the patient in a TCGA barcode, else each slide is one. Throws InputError: a prediction without a label,
/// patients that differ between the tables or lie in two folds.
JoinedLabels join_by_id(PredictionTable table, const LabelTable& labelled, const std::filesystem::path& predictions,
                        const std::filesystem::path& labels);

}  // namespace microtome
