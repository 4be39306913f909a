// SPDX-License-Identifier: Apache-2.0
#include "pipeline/inputs/evaluation_set.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "pipeline/config.h"
#include "pipeline/inputs/label_join.h"
#include "pipeline/inputs/row_identity.h"

namespace microtome {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void refuse(const fs::path& path, const std::string& sentence) {
  throw InputError(fmt::format("{}: {}", path.string(), sentence));
}

LabelTable read_labels(const fs::path& path, bool of_slides, const std::vector<std::string>& subgroup_columns) {
  const DelimitedTable table = read_judged_table(path);
  const auto label = table.column("label");
  if (!label || !(table.column("slide_id") || table.column("patient_id")))
    refuse(path, "wanted the columns label and slide_id or patient_id in the header row: add what is missing");
  return label_table(path, table, of_slides, {*label}, subgroup_columns);
}

int class_of(const std::vector<std::string>& classes, const std::string& label, const std::string& id, const fs::path& predictions,
             const fs::path& path) {
  const auto found = std::find(classes.begin(), classes.end(), label);
  if (found == classes.end())
    refuse(path, fmt::format("{}: wanted one of the classes that {} predicts ({}), got '{}': correct the label, or predict that class", id,
                             predictions.filename().string(), fmt::join(classes, ", "), label));
  return static_cast<int>(found - classes.begin());
}

void require_two_classes(const Judged& judged, const fs::path& path) {
  const std::set<int> seen(judged.label.begin(), judged.label.end());
  if (seen.size() < 2)
    refuse(path,
           fmt::format("wanted rows of two or more classes to judge, all {} with a prediction are '{}': add labelled rows of another class",
                       judged.rows(), judged.classes[static_cast<std::size_t>(*seen.begin())]));
}

void add_row(EvaluationSet& set, const JoinedRow& row, int of_class) {
  const PredictedRow& predicted = row.predicted;
  set.ids.push_back(row.id);
  set.judged.label.push_back(of_class);
  set.judged.probability.insert(set.judged.probability.end(), predicted.probabilities.begin(), predicted.probabilities.end());
  set.judged.patient.push_back(row.patient);
  if (predicted.fold) set.judged.fold.push_back(*predicted.fold);
  for (std::size_t k = 0; k < set.levels.size(); ++k) set.levels[k].push_back(row.labelled->levels[k]);
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
  const LabelTable labelled = read_labels(labels, true, {});
  return keys_in(labelled.rows, labelled.by_slide, slide_ids);
}

EvaluationSet join_labels(PredictionTable table, const fs::path& predictions, const fs::path& labels, const std::vector<std::string>& subgroup_columns) {
  const LabelTable labelled = read_labels(labels, table.of_slides, subgroup_columns);
  const std::vector<std::string> classes = table.classes;
  const JoinedLabels joined = join_by_id(std::move(table), labelled, predictions, labels);
  EvaluationSet out;
  out.averaged = joined.averaged;
  out.unit = joined.unit;
  out.patients_from = joined.patients_from;
  out.levels.resize(subgroup_columns.size());
  out.judged.classes = classes;
  out.judged.positive = static_cast<int>(classes.size()) - 1;
  for (const JoinedRow& row : joined.rows) add_row(out, row, class_of(classes, row.labelled->labels.front(), row.id, predictions, labels));
  out.labels_without_predictions = labelled.rows.size() - joined.rows.size();
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
