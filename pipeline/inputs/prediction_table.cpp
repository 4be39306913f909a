// SPDX-License-Identifier: Apache-2.0
#include "pipeline/inputs/prediction_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "pipeline/config.h"

namespace microtome {
namespace fs = std::filesystem;
namespace {

constexpr const char* kPrefix = "prob_";
constexpr double kSumTolerance = 1e-3;

struct ProbabilityColumn {
  std::string name;  // of the class
  std::size_t at = 0;
};

std::vector<ProbabilityColumn> probability_columns(const DelimitedTable& table) {
  std::vector<ProbabilityColumn> out;
  for (std::size_t c = 0; c < table.columns.size(); ++c)
    if (table.columns[c].starts_with(kPrefix)) out.push_back({table.columns[c].substr(5), c});
  return out;
}

/// What a row's probabilities are: of classes, of which one is true, or of labels, each true or not.
enum class Of { classes, labels };

double probability(const fs::path& path, const PredictedRow& row, const std::string& name, const std::string& text, Of of) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    refuse_row(path, row,
               fmt::format("wanted a number under {}{}, got '{}': leave the row out if there is no prediction", kPrefix, name, text));
  if (value < 0 || value > 1)
    refuse_row(path, row,
               fmt::format("wanted a probability in 0..1 under {}{}, got {}: apply {} if these are logits", kPrefix, name, text,
                           of == Of::classes ? "softmax" : "the sigmoid"));
  return value;
}

PredictedRow read_row(const fs::path& path, const DelimitedTable& table, std::size_t r, const std::vector<ProbabilityColumn>& columns, Of of) {
  const auto& cells = table.rows[r];
  PredictedRow out{read_identity(path, table, r), {}};
  double sum = 0;
  for (const ProbabilityColumn& c : columns) sum += out.probabilities.emplace_back(probability(path, out, c.name, cells[c.at], of));
  if (of == Of::classes && std::abs(sum - 1) > kSumTolerance)
    refuse_row(path, out, fmt::format("wanted probabilities that sum to 1, got a sum of {:.4g}: is a class's column missing?", sum));
  return out;
}

void require_columns(const fs::path& path, const DelimitedTable& table, const std::vector<ProbabilityColumn>& columns, Of of) {
  require_id_column(path, table);
  if (columns.empty() && table.column("risk"))
    throw InputError(fmt::format("{}: wanted prob_<{}> columns as the first model's predictions have, got risk: compare models of one task",
                                 path.string(), of == Of::classes ? "class" : "name"));
  if (of == Of::labels && columns.empty())
    throw InputError(fmt::format("{}: wanted a column prob_<name> for each label in the header row, got none: add them", path.string()));
  for (const ProbabilityColumn& c : columns)
    if (of == Of::labels && c.name.empty())
      throw InputError(fmt::format("{}: wanted prob_<name>, as prob_EGFR, in the header row, got prob_: name the label", path.string()));
  const std::size_t classes = columns.size();
  if (of == Of::classes && classes < 2)
    throw InputError(fmt::format("{}: wanted a column prob_<class> for each of two or more classes in the header row, got {}: add them",
                                 path.string(), classes));
}

PredictionTable read_table(const fs::path& path, Of of) {
  const DelimitedTable table = read_judged_table(path);
  const auto columns = probability_columns(table);
  require_columns(path, table, columns, of);
  PredictionTable out;
  out.of_slides = table.column("slide_id").has_value();
  out.has_patients = out.of_slides && table.column("patient_id");
  for (const ProbabilityColumn& c : columns) out.classes.push_back(c.name);
  for (std::size_t r = 0; r < table.rows.size(); ++r) out.rows.push_back(read_row(path, table, r, columns, of));
  sort_by_id(path, out.rows);
  return out;
}

}  // namespace

DelimitedTable read_judged_table(const fs::path& path) {
  try {
    DelimitedTable table = read_delimited(path);
    std::set<std::string> seen;
    for (const std::string& name : table.columns)
      if (!seen.insert(name).second)
        throw InputError(fmt::format("{}: wanted each column once, '{}' is there twice: rename or remove one", path.string(), name));
    return table;
  } catch (const ConfigError& e) {
    throw InputError(e.what());
  }
}

PredictionTable read_predictions(const fs::path& path) { return read_table(path, Of::classes); }

PredictionTable read_label_predictions(const fs::path& path) { return read_table(path, Of::labels); }

std::vector<std::string> predicted_names(const DelimitedTable& table) {
  std::vector<std::string> out;
  for (const ProbabilityColumn& c : probability_columns(table)) out.push_back(c.name);
  return out;
}

}  // namespace microtome
