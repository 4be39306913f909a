// SPDX-License-Identifier: Apache-2.0
#include "pipeline/inputs/evaluation_set.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "pipeline/config.h"
#include "pipeline/inputs/row_identity.h"

namespace microtome {
namespace fs = std::filesystem;
namespace {

struct LabelledRow {
  std::string label, patient_id;
  std::vector<std::string> levels;  // one a subgroup column
};

/// Labels keyed by slide, or by patient.
struct LabelTable {
  bool by_slide = true;
  bool has_patients = false;  // beside slide_id
  std::map<std::string, LabelledRow> rows;
};

[[noreturn]] void refuse(const fs::path& path, const std::string& sentence) {
  throw InputError(fmt::format("{}: {}", path.string(), sentence));
}

/// Several slides of a patient, where rows are patients: one label, and levels that they agree on.
void merge(const fs::path& path, std::size_t line, const std::string& id, LabelledRow& into, const LabelledRow& row) {
  if (into.label != row.label)
    refuse(path, fmt::format("row {}: wanted one label for patient {}, got '{}' and '{}': give predictions by slide_id", line, id,
                             into.label, row.label));
  for (std::size_t k = 0; k < into.levels.size(); ++k)
    if (into.levels[k] != row.levels[k]) into.levels[k] = "(several)";
}

LabelTable read_labels(const fs::path& path, const PredictionTable& predictions, const std::vector<std::string>& subgroup_columns) {
  const DelimitedTable table = read_judged_table(path);
  const auto slide = table.column("slide_id"), patient = table.column("patient_id"), label = table.column("label");
  if (!label || !(slide || patient))
    refuse(path, "wanted the columns label and slide_id or patient_id in the header row: add what is missing");
  if (!predictions.of_slides && !patient) refuse(path, "wanted a column patient_id, as the predictions are of patients: add it");
  const auto levels = find_columns(table, path, "--evaluate.subgroups", subgroup_columns);
  LabelTable out;
  out.by_slide = predictions.of_slides && slide;
  out.has_patients = out.by_slide && patient;
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    const auto& cells = table.rows[r];
    if (cells[*label].empty()) continue;
    LabelledRow row{cells[*label], out.has_patients ? cells[*patient] : "", {}};
    for (const std::size_t at : levels) row.levels.push_back(cells[at]);
    const std::string id = cells[out.by_slide ? *slide : *patient];
    const auto [there, fresh] = out.rows.emplace(id, row);
    if (fresh) continue;
    if (out.by_slide || !slide) refuse(path, fmt::format("row {}: wanted each id once, '{}' is there twice: leave one out", r + 2, id));
    merge(path, r + 2, id, there->second, row);
  }
  return out;
}

const LabelledRow& label_of(const LabelTable& labels, const std::string& id, const PredictedRow& row, const fs::path& predictions,
                            const fs::path& path) {
  const auto found = labels.rows.find(id);
  if (found != labels.rows.end()) return found->second;
  const std::string subject = id == row.id ? id : fmt::format("the patient of {}", row.id);
  refuse(path, fmt::format("wanted a label for every prediction: {} (row {} of {}) has none: add it, or leave the prediction out", subject,
                           row.line, predictions.filename().string()));
}

int class_of(const std::vector<std::string>& classes, const std::string& label, const std::string& id, const fs::path& predictions,
             const fs::path& path) {
  const auto found = std::find(classes.begin(), classes.end(), label);
  if (found == classes.end())
    refuse(path, fmt::format("{}: wanted one of the classes that {} predicts ({}), got '{}': correct the label, or predict that class", id,
                             predictions.filename().string(), fmt::join(classes, ", "), label));
  return static_cast<int>(found - classes.begin());
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

void require_two_classes(const Judged& judged, const fs::path& path) {
  const std::set<int> seen(judged.label.begin(), judged.label.end());
  if (seen.size() < 2)
    refuse(path,
           fmt::format("wanted rows of two or more classes to judge, all {} with a prediction are '{}': add labelled rows of another class",
                       judged.rows(), judged.classes[static_cast<std::size_t>(*seen.begin())]));
}

void add_row(EvaluationSet& set, const PredictedRow& row, const std::string& id, const LabelledRow& label, int of_class) {
  set.ids.push_back(id);
  set.judged.label.push_back(of_class);
  set.judged.probability.insert(set.judged.probability.end(), row.probabilities.begin(), row.probabilities.end());
  if (row.fold) set.judged.fold.push_back(*row.fold);
  for (std::size_t k = 0; k < set.levels.size(); ++k) set.levels[k].push_back(label.levels[k]);
}

/// The classes of `judged` in another order of the same names.
Judged reordered(const Judged& judged, const std::vector<std::string>& classes) {
  Judged out = judged;
  out.classes = classes;
  std::vector<int> to;
  for (const std::string& name : judged.classes)
    to.push_back(static_cast<int>(std::find(classes.begin(), classes.end(), name) - classes.begin()));
  for (std::size_t r = 0; r < judged.rows(); ++r) {
    out.label[r] = to[static_cast<std::size_t>(judged.label[r])];
    for (std::size_t c = 0; c < to.size(); ++c)
      out.probability[r * to.size() + static_cast<std::size_t>(to[c])] = judged.probability[r * to.size() + c];
  }
  return out;
}

}  // namespace

EvaluationSet read_evaluation_set(const fs::path& predictions, const fs::path& labels, const std::vector<std::string>& subgroup_columns) {
  return join_labels(read_predictions(predictions), predictions, labels, subgroup_columns);
}

std::vector<SlideKeys> labelled_slides(const fs::path& labels, const std::vector<std::string>& slide_ids) {
  const LabelTable labelled = read_labels(labels, PredictionTable{}, {});
  return keys_in(labelled.rows, labelled.by_slide, slide_ids);
}

EvaluationSet join_labels(PredictionTable table, const fs::path& predictions, const fs::path& labels, const std::vector<std::string>& subgroup_columns) {
  const LabelTable labelled = read_labels(labels, table, subgroup_columns);
  find_patients(table.rows, table.of_slides, labelled, predictions, labels);
  EvaluationSet out;
  out.averaged = table.of_slides && !labelled.by_slide;
  out.unit = labelled.by_slide ? "slide" : "patient";
  out.patients_from = told_patients(table, labelled);
  out.levels.resize(subgroup_columns.size());
  out.judged.classes = table.classes;
  out.judged.positive = static_cast<int>(table.classes.size()) - 1;
  if (out.averaged) table.rows = average_by_patient(table.rows);
  std::map<std::string, int> patients;
  for (const PredictedRow& row : table.rows) {
    const std::string& id = labelled.by_slide ? row.id : row.patient_id;
    const LabelledRow& label = label_of(labelled, id, row, predictions, labels);
    add_row(out, row, id, label, class_of(table.classes, label.label, id, predictions, labels));
    out.judged.patient.push_back(patients.emplace(row.patient_id, static_cast<int>(patients.size())).first->second);
  }
  out.labels_without_predictions = labelled.rows.size() - table.rows.size();
  require_two_classes(out.judged, labels);
  return out;
}

std::size_t pair_up(EvaluationSet& one, EvaluationSet& other, const fs::path& path) {
  if (std::set(one.judged.classes.begin(), one.judged.classes.end()) != std::set(other.judged.classes.begin(), other.judged.classes.end()))
    refuse(path, fmt::format("wanted the classes of the first model ({}), got {}: compare models of one task",
                             fmt::join(one.judged.classes, ", "), fmt::join(other.judged.classes, ", ")));
  if (one.unit != other.unit)
    refuse(path, fmt::format("wanted predictions of {}s, as the first model's are, got {}s: bring both to one", one.unit, other.unit));
  const auto [of_one, of_other] = shared_ids(one.ids, other.ids);
  if (of_one.empty()) refuse(path, "wanted predictions for rows that the first model predicts too: there is none in both: check the ids");
  const std::size_t left_out = one.ids.size() + other.ids.size() - 2 * of_one.size();
  const int positive = one.judged.positive;
  other.judged = reordered(other.judged, one.judged.classes);
  one = only(one, of_one);
  other = only(other, of_other);
  other.judged.positive = positive;
  if (one.judged.patient != other.judged.patient)
    refuse(path, "wanted the patients of the first model's rows, got others: correct patient_id");
  require_two_classes(one.judged, path);
  return left_out;
}

}  // namespace microtome
