// SPDX-License-Identifier: Apache-2.0
#include "pipeline/inputs/label_join.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "mil/genomics/join.h"
#include "pipeline/config.h"

namespace microtome {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void refuse(const fs::path& path, const std::string& sentence) {
  throw InputError(fmt::format("{}: {}", path.string(), sentence));
}

const LabelledRow& label_of(const LabelTable& labels, const std::string& id, const PredictedRow& row, const fs::path& predictions,
                            const fs::path& path) {
  const auto found = labels.rows.find(id);
  if (found != labels.rows.end()) return found->second;
  const std::string subject = id == row.id ? id : fmt::format("the patient of {}", row.id);
  refuse(path, fmt::format("wanted a label for every prediction: {} (row {} of {}) has none: add it, or leave the prediction out", subject,
                           row.line, predictions.filename().string()));
}

/// Rows of one patient become one, with the mean of their probabilities.
std::vector<PredictedRow> average_by_patient(const std::vector<PredictedRow>& slides) {
  std::map<std::string, std::vector<const PredictedRow*>> of_patient;
  for (const PredictedRow& slide : slides) of_patient[slide.patient_id].push_back(&slide);
  std::vector<PredictedRow> out;
  for (const auto& [patient, rows] : of_patient) {
    PredictedRow& mean = out.emplace_back(*rows.front());
    for (std::size_t c = 0; c < mean.probabilities.size(); ++c) {
      double sum = 0;
      for (const PredictedRow* row : rows) sum += row->probabilities[c];
      mean.probabilities[c] = sum / static_cast<double>(rows.size());
    }
  }
  return out;
}

std::string told_patients(const PredictionTable& predictions, const LabelTable& labels) {
  if (!predictions.of_slides || !labels.by_slide) return "rows are patients";
  if (labels.has_patients) return "patient_id of the labels";
  if (predictions.has_patients) return "patient_id of the predictions";
  const bool tcga =
      std::any_of(predictions.rows.begin(), predictions.rows.end(), [](const auto& row) { return tcga_patient(row.id).has_value(); });
  return tcga ? "the patient in TCGA barcodes" : "no patient_id was given: each slide counts as a patient";
}

/// Fills in patient_id of every row, and sees that each patient lies in one fold.
void find_patients(std::vector<PredictedRow>& rows, bool of_slides, const LabelTable& labelled, const fs::path& predictions,
                   const fs::path& labels) {
  std::map<std::string, int> fold_of;
  for (PredictedRow& row : rows) {
    const LabelledRow* label = labelled.by_slide ? &label_of(labelled, row.id, row, predictions, labels) : nullptr;
    row.patient_id = of_slides ? patient_of(row, label ? label->patient_id : "", labels) : row.id;
    if (row.fold && fold_of.emplace(row.patient_id, *row.fold).first->second != *row.fold)
      refuse(predictions,
             fmt::format("row {} ({}): wanted all slides of a patient in one fold, this one's lie in two: cut folds by patient", row.line,
                         row.id));
  }
}

}  // namespace

JoinedLabels join_by_id(PredictionTable table, const LabelTable& labelled, const fs::path& predictions, const fs::path& labels) {
  find_patients(table.rows, table.of_slides, labelled, predictions, labels);
  JoinedLabels out;
  out.averaged = table.of_slides && !labelled.by_slide;
  out.unit = labelled.by_slide ? "slide" : "patient";
  out.patients_from = told_patients(table, labelled);
  if (out.averaged) table.rows = average_by_patient(table.rows);
  std::map<std::string, int> patients;
  for (PredictedRow& row : table.rows) {
    const std::string id = labelled.by_slide ? row.id : row.patient_id;
    const LabelledRow& label = label_of(labelled, id, row, predictions, labels);
    const int patient = patients.emplace(row.patient_id, static_cast<int>(patients.size())).first->second;
    out.rows.push_back({id, std::move(row), &label, patient});
  }
  return out;
}

}  // namespace microtome
