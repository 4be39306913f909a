// SPDX-License-Identifier: Apache-2.0
#include "pipeline/inputs/multilabel_set.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "pipeline/config.h"
#include "pipeline/inputs/label_join.h"
#include "pipeline/inputs/row_identity.h"

namespace microtome {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kPrefix = "label_";

[[noreturn]] void refuse(const fs::path& path, const std::string& sentence) {
  throw InputError(fmt::format("{}: {}", path.string(), sentence));
}

std::string column_of(const std::string& name) { return std::string(kPrefix) + name; }

/// "1", "0" or "" of a cell. 1 and 1.0, which a table with empty cells may have been written as, are one.
std::string answer(const fs::path& path, const DelimitedTable& table, std::size_t r, std::size_t column) {
  const std::string& cell = table.rows[r][column];
  if (cell.empty()) return "";
  double value = -1;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  if (error == std::errc() && end == cell.data() + cell.size() && (value == 0 || value == 1)) return value == 1 ? "1" : "0";
  const auto slide = table.column("slide_id");
  refuse(path, fmt::format("row {} ({}): wanted 0 or 1 under {}, or an empty cell where it is not known, got '{}': correct it", r + 2,
                           table.rows[r][slide ? *slide : *table.column("patient_id")], table.columns[column], cell));
}

/// The table and where its columns label_<name> are, with 0, 1 or nothing in their cells.
struct AnswerTable {
  DelimitedTable table;
  std::vector<std::size_t> columns;
};

AnswerTable read_answers(const fs::path& path, const std::vector<std::string>& names) {
  AnswerTable out{read_judged_table(path), {}};
  if (!out.table.column("slide_id") && !out.table.column("patient_id"))
    refuse(path, "wanted a column slide_id or patient_id in the header row: there is none: add it");
  for (const std::string& name : names) {
    const auto at = out.table.column(column_of(name));
    if (!at)
      refuse(path, fmt::format("wanted a column {} (0 or 1), got none: add it, or leave {} out of what is predicted", column_of(name), name));
    out.columns.push_back(*at);
  }
  for (std::size_t r = 0; r < out.table.rows.size(); ++r)
    for (const std::size_t column : out.columns) out.table.rows[r][column] = answer(path, out.table, r, column);
  return out;
}

std::vector<std::string> without(const std::vector<std::string>& all, const std::vector<std::string>& taken) {
  std::vector<std::string> out;
  for (const std::string& name : all)
    if (std::find(taken.begin(), taken.end(), name) == taken.end()) out.push_back(name);
  return out;
}

void add_row(MultilabelSet& set, const JoinedRow& row) {
  set.ids.push_back(row.id);
  for (const std::string& cell : row.labelled->labels) set.judged.known.push_back(cell.empty() ? kUnknown : cell == "1" ? 1 : 0);
  const auto& probabilities = row.predicted.probabilities;
  set.judged.probability.insert(set.judged.probability.end(), probabilities.begin(), probabilities.end());
  set.judged.patient.push_back(row.patient);
  if (row.predicted.fold) set.judged.fold.push_back(*row.predicted.fold);
  for (std::size_t k = 0; k < set.levels.size(); ++k) set.levels[k].push_back(row.labelled->levels[k]);
}

void require_a_judged_label(const JudgedLabels& judged, const fs::path& path) {
  std::vector<std::string> reasons;
  for (std::size_t l = 0; l < judged.labels(); ++l) {
    const std::string why = why_not_judged(judged.of_label(l));
    if (why.empty()) return;
    reasons.push_back(judged.names[l] + " (" + why + ")");
  }
  refuse(path, fmt::format("wanted a label with rows of both answers among the {} rows with a prediction, got {}: add labelled rows",
                           judged.rows(), fmt::join(reasons, ", ")));
}

/// The labels of `judged` in another order of the same names.
JudgedLabels in_order(const JudgedLabels& judged, const std::vector<std::string>& names) {
  JudgedLabels out = judged;
  out.names = names;
  for (std::size_t l = 0; l < names.size(); ++l) {
    const auto from = static_cast<std::size_t>(std::find(judged.names.begin(), judged.names.end(), names[l]) - judged.names.begin());
    for (std::size_t r = 0; r < judged.rows(); ++r) {
      out.known[out.at(r, l)] = judged.known[judged.at(r, from)];
      out.probability[out.at(r, l)] = judged.probability[judged.at(r, from)];
    }
  }
  return out;
}

}  // namespace

EvaluationSet MultilabelSet::of_label(std::size_t label) const {
  EvaluationSet out;
  out.judged = judged.of_label(label);
  out.unit = unit;
  out.averaged = averaged;
  out.patients_from = patients_from;
  out.levels.resize(levels.size());
  for (const std::size_t r : judged.rows_known(label)) {
    out.ids.push_back(ids[r]);
    for (std::size_t k = 0; k < levels.size(); ++k) out.levels[k].push_back(levels[k][r]);
  }
  return out;
}

std::vector<std::string> label_names(const DelimitedTable& table) {
  std::vector<std::string> out;
  for (const std::string& column : table.columns)
    if (column.starts_with(kPrefix) && column.size() > kPrefix.size()) out.push_back(column.substr(kPrefix.size()));
  return out;
}

MultilabelSet read_multilabel_set(const fs::path& predictions, const fs::path& labels, const std::vector<std::string>& subgroup_columns) {
  PredictionTable table = read_label_predictions(predictions);
  MultilabelSet out;
  out.judged.names = table.classes;
  const AnswerTable answers = read_answers(labels, table.classes);
  out.not_predicted = without(label_names(answers.table), table.classes);
  const LabelTable labelled = label_table(labels, answers.table, table.of_slides, answers.columns, subgroup_columns, LabelRows::all);
  const JoinedLabels joined = join_by_id(std::move(table), labelled, predictions, labels);
  out.averaged = joined.averaged;
  out.unit = joined.unit;
  out.patients_from = joined.patients_from;
  out.levels.resize(subgroup_columns.size());
  for (const JoinedRow& row : joined.rows)
    if (row.labelled->known()) add_row(out, row);
  out.predictions_without_label = joined.rows.size() - out.ids.size();
  out.labels_without_predictions = labelled.known() - out.ids.size();
  std::vector<std::size_t> all(out.ids.size());
  for (std::size_t r = 0; r < all.size(); ++r) all[r] = r;
  out.judged = out.judged.select(all);  // numbers the patients that are left
  require_a_judged_label(out.judged, labels);
  return out;
}

LabelTable known_labels(const fs::path& labels, const std::vector<std::string>& names, const std::vector<std::string>& levels) {
  if (names.empty()) refuse(labels, "wanted a column label_<name> (0 or 1) for each label in the header row, got none: add them");
  const AnswerTable answers = read_answers(labels, names);
  return label_table(labels, answers.table, true, answers.columns, levels);
}

std::vector<SlideKeys> marked_slides(const fs::path& labels, const std::vector<std::string>& slide_ids, std::vector<std::string> names) {
  if (names.empty()) names = label_names(read_judged_table(labels));
  const LabelTable labelled = known_labels(labels, names, {});
  return keys_in(labelled.rows, labelled.by_slide, slide_ids);
}

std::size_t pair_up(MultilabelSet& one, MultilabelSet& other, const fs::path& path) {
  if (std::set(one.judged.names.begin(), one.judged.names.end()) != std::set(other.judged.names.begin(), other.judged.names.end()))
    refuse(path, fmt::format("wanted the labels of the first model ({}), got {}: compare models of one task",
                             fmt::join(one.judged.names, ", "), fmt::join(other.judged.names, ", ")));
  if (one.unit != other.unit)
    refuse(path, fmt::format("wanted predictions of {}s, as the first model's are, got {}s: bring both to one", one.unit, other.unit));
  const auto [of_one, of_other] = shared_ids(one.ids, other.ids);
  if (of_one.empty()) refuse(path, "wanted predictions for rows that the first model predicts too: there is none in both: check the ids");
  const std::size_t left_out = one.ids.size() + other.ids.size() - 2 * of_one.size();
  other.judged = in_order(other.judged, one.judged.names);
  one = only(one, of_one);
  other = only(other, of_other);
  if (one.judged.patient != other.judged.patient)
    refuse(path, "wanted the patients of the first model's rows, got others: correct patient_id");
  require_a_judged_label(one.judged, path);
  return left_out;
}

}  // namespace microtome
