// SPDX-License-Identifier: Apache-2.0
#include "pipeline/inputs/regression_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "pipeline/config.h"
#include "pipeline/inputs/row_identity.h"
#include "pipeline/inputs/value_table.h"

namespace microtome {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void refuse(const fs::path& path, const std::string& sentence) {
  throw InputError(fmt::format("{}: {}", path.string(), sentence));
}

/// A row to judge: one prediction, or all of a patient's slides.
struct JoinedRow {
  const KnownRow* known = nullptr;
  std::string patient;
  std::vector<const ValueRow*> predicted;
};

class Join {
 public:
  Join(const fs::path& predictions, const fs::path& labels, const ValueTable& values, const KnownValues& known)
      : predictions_(predictions), labels_(labels), values_(values), known_(known) {}

  /// By id. Counts the predictions that have no known number in `left_out`.
  std::map<std::string, JoinedRow> rows(std::size_t& left_out) const {
    std::map<std::string, JoinedRow> out;
    std::map<std::string, std::optional<int>> fold_of;
    for (const ValueRow& row : values_.rows) {
      const KnownRow* found = known_.by_slide ? known(row.id, row) : nullptr;
      const std::string patient = values_.of_slides ? patient_of(row, found ? found->patient_id : "", labels_) : row.id;
      if (!known_.by_slide) found = known(patient, row);
      if (!found) {
        ++left_out;
        continue;
      }
      if (fold_of.emplace(patient, row.fold).first->second != row.fold)
        refuse_row(predictions_, row, "wanted all slides of a patient in one fold, this one's lie in two: cut folds by patient");
      JoinedRow& joined = out[known_.by_slide ? row.id : patient];
      joined.known = found;
      joined.patient = patient;
      joined.predicted.push_back(&row);
    }
    return out;
  }

  std::string told_patients() const {
    if (!known_.by_slide) return "rows are patients";
    if (known_.has_patients) return "patient_id of the labels";
    if (values_.has_patients) return "patient_id of the predictions";
    const bool tcga =
        std::any_of(values_.rows.begin(), values_.rows.end(), [](const auto& row) { return tcga_patient(row.id).has_value(); });
    return tcga ? "the patient in TCGA barcodes" : "no patient_id was given: each slide counts as a patient";
  }

 private:
  /// nullptr: the labels have the row and no number in it.
  const KnownRow* known(const std::string& id, const ValueRow& row) const {
    const auto found = known_.rows.find(id);
    if (found != known_.rows.end()) return &found->second;
    if (known_.without_value.contains(id)) return nullptr;
    refuse(labels_, fmt::format("wanted a row for every prediction: {} (row {} of {}) has none: add it, or leave the prediction out",
                                id == row.id ? id : fmt::format("the patient of {}", row.id), row.line, predictions_.filename().string()));
  }

  const fs::path &predictions_, &labels_;
  const ValueTable& values_;
  const KnownValues& known_;
};

void add_row(RegressionSet& set, const std::string& id, const JoinedRow& row) {
  double sum = 0;
  for (const ValueRow* predicted : row.predicted) sum += predicted->value;
  set.ids.push_back(id);
  set.judged.target.push_back(row.known->value);
  set.judged.predicted.push_back(sum / static_cast<double>(row.predicted.size()));
  if (row.predicted.front()->fold) set.judged.fold.push_back(*row.predicted.front()->fold);
  for (std::size_t k = 0; k < set.levels.size(); ++k) set.levels[k].push_back(row.known->levels[k]);
  set.predictions += row.predicted.size();
}

}  // namespace

RegressionSet read_regression_set(const fs::path& predictions, const fs::path& labels, const std::vector<std::string>& subgroup_columns,
                                  const std::string& target) {
  const ValueTable values = read_values(predictions);
  const KnownValues known = read_known_values(labels, values.of_slides, subgroup_columns, target);
  const Join join(predictions, labels, values, known);
  RegressionSet out;
  out.unit = known.by_slide ? "slide" : "patient";
  out.target = target;
  out.patients_from = join.told_patients();
  out.labels_without_value = known.without_value.size();
  out.levels.resize(subgroup_columns.size());
  std::map<std::string, int> patients;
  for (const auto& [id, row] : join.rows(out.predictions_without_value)) {
    add_row(out, id, row);
    out.judged.patient.push_back(patients.emplace(row.patient, static_cast<int>(patients.size())).first->second);
  }
  out.averaged = out.predictions > out.ids.size();
  out.labels_without_predictions = known.rows.size() - out.ids.size();
  if (out.ids.empty())
    refuse(labels, fmt::format("wanted numbers under {} to judge, the cells of all {} predictions are empty: is it the right column?",
                               target, values.rows.size()));
  return out;
}

std::vector<SlideKeys> valued_slides(const fs::path& labels, const std::vector<std::string>& slide_ids, const std::string& target) {
  const KnownValues known = read_known_values(labels, true, {}, target);
  return keys_in(known.rows, known.by_slide, slide_ids);
}

std::size_t pair_up(RegressionSet& one, RegressionSet& other, const fs::path& path) {
  if (one.unit != other.unit)
    refuse(path, fmt::format("wanted predictions of {}s, as the first model's are, got {}s: bring both to one", one.unit, other.unit));
  const auto [of_one, of_other] = shared_ids(one.ids, other.ids);
  if (of_one.empty()) refuse(path, "wanted predictions for rows that the first model predicts too: there is none in both: check the ids");
  const std::size_t left_out = one.ids.size() + other.ids.size() - 2 * of_one.size();
  one = only(one, of_one);
  other = only(other, of_other);
  if (one.judged.patient != other.judged.patient)
    refuse(path, "wanted the patients of the first model's rows, got others: correct patient_id");
  return left_out;
}

}  // namespace microtome
