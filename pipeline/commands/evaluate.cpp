// SPDX-License-Identifier: Apache-2.0
// microtome evaluate: predictions and labels in; metrics.json, curves and a page out. Survival would be another task beside classification.
#include <fmt/format.h>

#include <charconv>
#include <sstream>

#include "mil/evaluation/classification.h"
#include "pipeline/commands.h"
#include "pipeline/nearest_word.h"
#include "pipeline/outputs/evaluation_result.h"
#include "pipeline/outputs/publication.h"

namespace microtome {
namespace fs = std::filesystem;
namespace {

constexpr const char* kMarker = "metrics.json";  // written last: the folder is whole

std::vector<std::string> column_names(const std::string& text) {
  std::vector<std::string> out;
  std::stringstream words(text);
  for (std::string word; std::getline(words, word, ',');)
    if (!word.empty()) out.push_back(word);
  return out;
}

std::optional<double> given_threshold(const EvaluateSettings& settings) {
  if (settings.threshold == "auto") return std::nullopt;
  double value = 0;
  std::from_chars(settings.threshold.data(), settings.threshold.data() + settings.threshold.size(), value);  // validated
  return value;
}

/// Applies --positive and --threshold, which mean something with two classes only.
void choose_positive(Judged& judged, const EvaluateSettings& settings) {
  if (!judged.binary() && settings.threshold != "auto")
    throw ConfigError("--evaluate.threshold: wanted predictions of two classes, got more: the most probable class is the decision");
  if (settings.positive.empty()) return;
  if (!judged.binary()) throw ConfigError("--evaluate.positive: wanted predictions of two classes, got more: leave it out");
  const auto found = std::find(judged.classes.begin(), judged.classes.end(), settings.positive);
  if (found == judged.classes.end())
    throw ConfigError(fmt::format("--evaluate.positive: wanted {} or {}, as the columns of the predictions say, got '{}'",
                                  judged.classes[0], judged.classes[1], settings.positive));
  judged.positive = static_cast<int>(found - judged.classes.begin());
}

ComparedModels compare_models(const EvaluateSettings& settings, EvaluationSet one, const BootstrapSettings& bootstrap) {
  EvaluationSet other = read_evaluation_set(settings.compare, settings.labels, {});
  ComparedModels out;
  out.left_out = pair_up(one, other, settings.compare);
  out.one_rule = decide(one.judged, given_threshold(settings));
  out.other_rule = decide(other.judged, given_threshold(settings));
  other.judged.fold = one.judged.fold;  // both are resampled as the first model's folds say
  out.rows = one.judged.rows();
  out.patients = static_cast<std::size_t>(one.judged.patients());
  out.result = compare(one.judged, other.judged, bootstrap);
  return out;
}

void add_folds(EvaluationResult& result, const BootstrapSettings& bootstrap) {
  const Judged& judged = result.set.judged;
  if (judged.fold_numbers().size() < 2) return;
  result.fold_means = measure_fold_means(judged, bootstrap);
  for (const int number : judged.fold_numbers())
    result.folds.push_back({number, measure(judged.select(judged.rows_of_fold(number)), bootstrap)});
}

EvaluationResult evaluate(const EvaluateSettings& settings) {
  const std::vector<std::string> columns = column_names(settings.subgroups);
  EvaluationResult out;
  out.settings = settings;
  out.set = read_evaluation_set(settings.predictions, settings.labels, columns);
  choose_positive(out.set.judged, settings);
  const BootstrapSettings bootstrap{settings.bootstrap, settings.seed, 0.95};
  out.rule = decide(out.set.judged, given_threshold(settings));
  if (!settings.compare.empty()) out.compared = compare_models(settings, out.set, bootstrap);
  out.metrics = measure(out.set.judged, bootstrap);
  add_folds(out, bootstrap);
  for (std::size_t k = 0; k < columns.size(); ++k)
    out.subgroups.push_back(judge_subgroups(out.set.judged, columns[k], out.set.levels[k], bootstrap));
  return out;
}

void publish(const EvaluationResult& result, const fs::path& folder) {
  const auto curves = class_curves(result.set.judged);
  const auto figures = curve_figures(result, curves);
  Publication publication(folder);
  for (const auto& [name, text] : curve_tables(curves)) publication.write(name, text);
  for (const CurveFigure& figure : figures) publication.write(figure.name, figure.svg);
  publication.write("evaluation.html", evaluation_page(result, figures));
  publication.write(kMarker, metrics_json(result));
  publication.publish({kMarker});
}

void tell(const EvaluationResult& result, const fs::path& folder) {
  const EvaluationSet& set = result.set;
  fmt::print(stderr, "{} {}s of {} patients, {} classes", set.judged.rows(), set.unit, set.judged.patients(), set.judged.classes.size());
  if (set.averaged) fmt::print(stderr, "; probabilities are means over a patient's slides");
  if (set.labels_without_predictions > 0) fmt::print(stderr, "; {} labels without a prediction left out", set.labels_without_predictions);
  fmt::print(stderr, "\n{}: AUC {}\n", folder.string(), with_interval(result.metrics.front()));
}

}  // namespace

ExitCode command_evaluate(const ParsedOptions& options, const std::vector<std::string>&) {
  const EvaluateSettings& settings = options.config.evaluate;
  if (settings.predictions.empty()) throw ConfigError("wanted predictions: give --predictions FILE.csv");
  if (settings.labels.empty()) throw ConfigError("wanted labels: give --labels FILE.csv");
  if (settings.output.empty()) throw ConfigError("wanted a place for the results: give --output DIR");
  const EvaluationResult result = evaluate(settings);
  require_writable(settings.output);
  remove_leftovers(settings.output);
  publish(result, settings.output);
  tell(result, settings.output);
  return ExitCode::done;
}

}  // namespace microtome
