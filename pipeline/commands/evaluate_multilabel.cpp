// SPDX-License-Identifier: Apache-2.0
#include "pipeline/commands/evaluate_multilabel.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "mil/evaluation/classification.h"
#include "pipeline/commands/judge_classes.h"
#include "pipeline/inputs/multilabel_set.h"
#include "pipeline/inputs/value_table.h"
#include "pipeline/outputs/evaluation_files.h"
#include "pipeline/outputs/metric_text.h"
#include "pipeline/outputs/multilabel_result.h"

namespace microtome {
namespace {

/// Both models on the rows that both predict.
struct PairedSets {
  MultilabelSet one, other;
  std::size_t left_out = 0;
};

std::optional<PairedSets> read_second(const EvaluateSettings& settings, const MultilabelSet& first) {
  if (settings.compare.empty()) return std::nullopt;
  PairedSets out{first, read_multilabel_set(settings.compare, settings.labels, {}), 0};
  out.left_out = pair_up(out.one, out.other, settings.compare);
  decide_labels(out.one.judged, given_threshold(settings));
  decide_labels(out.other.judged, given_threshold(settings));
  return out;
}

ComparedLabels compare_sets(const PairedSets& paired, const EvaluateSettings& settings) {
  JudgedLabels other = paired.other.judged;
  other.fold = paired.one.judged.fold;  // both are resampled as the first model's folds say
  return {compare_multilabel(paired.one.judged, other, bootstrap_settings(settings)), paired.one.judged.rows(),
          static_cast<std::size_t>(paired.one.judged.patients()), paired.left_out};
}

/// A label with one answer only: what decisions there are, and measures without a value.
EvaluationResult unjudged(EvaluationSet set, const std::string& why, const EvaluateSettings& settings) {
  EvaluationResult out;
  out.settings = settings;
  out.set = std::move(set);
  out.rule = decide(out.set.judged, given_threshold(settings));
  out.metrics = measures_without_value(out.set.judged, why);
  return out;
}

JudgedLabel judge_label(const MultilabelSet& set, std::size_t label, const std::optional<PairedSets>& paired,
                        const EvaluateSettings& settings) {
  EvaluationSet own = set.of_label(label);
  JudgedLabel out;
  out.name = set.judged.names[label];
  out.why_not = why_not_judged(own.judged);
  if (!out.why_not.empty()) {
    out.result = unjudged(std::move(own), out.why_not, settings);
  } else {
    out.result = judge_classes(std::move(own), settings, column_names(settings.subgroups));
  }
  if (!paired) return out;
  EvaluationSet one = paired->one.of_label(label);
  out.why_not_compared = why_not_judged(one.judged);
  if (out.why_not_compared.empty())
    out.result.compared = compare_classes(std::move(one), paired->other.of_label(label), paired->left_out, settings);
  return out;
}

void add_folds(MultilabelResult& result, const BootstrapSettings& bootstrap) {
  const JudgedLabels& judged = result.set.judged;
  if (judged.fold_numbers().size() < 2) return;
  result.fold_means = measure_multilabel_fold_means(judged, bootstrap);
  for (const int number : judged.fold_numbers())
    result.folds.push_back({number, measure_multilabel(judged.select(judged.rows_of_fold(number)), bootstrap)});
}

MultilabelResult judge(const EvaluateSettings& settings) {
  require_multilabel_options(settings);
  MultilabelResult out;
  out.settings = settings;
  out.set = read_multilabel_set(settings.predictions, settings.labels, column_names(settings.subgroups));
  const auto paired = read_second(settings, out.set);
  decide_labels(out.set.judged, given_threshold(settings));
  const BootstrapSettings bootstrap = bootstrap_settings(settings);
  out.metrics = measure_multilabel(out.set.judged, bootstrap);
  add_folds(out, bootstrap);
  if (paired) out.compared = compare_sets(*paired, settings);
  for (std::size_t l = 0; l < out.set.judged.labels(); ++l) out.labels.push_back(judge_label(out.set, l, paired, settings));
  return out;
}

void tell(const MultilabelResult& result, const std::filesystem::path& folder) {
  const MultilabelSet& set = result.set;
  fmt::print(stderr, "{} {}s of {} patients, {} labels", set.judged.rows(), set.unit, set.judged.patients(), set.judged.labels());
  if (set.averaged) fmt::print(stderr, "; probabilities are means over a patient's slides");
  if (set.labels_without_predictions > 0) fmt::print(stderr, "; {} labels without a prediction left out", set.labels_without_predictions);
  if (set.predictions_without_label > 0)
    fmt::print(stderr, "; {} predictions without a known label left out", set.predictions_without_label);
  fmt::print(stderr, "\n");
  if (!set.not_predicted.empty())
    fmt::print(stderr, "left out: {} labels that nothing predicts: label_{}\n", set.not_predicted.size(),
               fmt::join(set.not_predicted, ", label_"));
  for (const JudgedLabel& label : result.labels) {
    const Metric& auc = label.result.metrics.front();
    if (label.why_not.empty())
      fmt::print(stderr, "{}: {} of {} rows, AUC {}\n", label.name, *auc.events, auc.n, with_interval(auc));
    else
      fmt::print(stderr, "{} is not judged: {}\n", label.name, label.why_not);
  }
  fmt::print(stderr, "{}: AUC, mean over labels, {}\n", folder.string(), with_interval(result.metrics.front()));
}

}  // namespace

void require_multilabel_options(const EvaluateSettings& settings) {
  if (!settings.positive.empty())
    throw ConfigError("--evaluate.positive: wanted predictions of two classes, got labels, whose positive is 1: leave it out");
  if (settings.target != kValueColumn)
    throw ConfigError("--evaluate.target: wanted predictions with a column value, got prob_<name> columns: leave it out");
  for (const auto& [name, given] :
       {std::pair("censorship", !settings.censorship.empty()), std::pair("risk_cut", settings.risk_cut != "auto"),
        std::pair("tau", settings.tau != "auto"), std::pair("horizon", settings.horizon != "auto")})
    if (given)
      throw ConfigError(fmt::format("--evaluate.{}: wanted predictions with a column risk, got prob_<name> columns: leave it out", name));
}

bool predicts_labels(const EvaluateSettings& settings) {
  if (settings.task != "auto") return settings.task == "multilabel";
  const auto predicted = predicted_names(read_judged_table(settings.predictions));
  if (predicted.empty()) return false;
  const DelimitedTable labels = read_judged_table(settings.labels);
  const auto known = label_names(labels);
  const bool all_known = std::all_of(predicted.begin(), predicted.end(),
                                     [&](const auto& name) { return std::find(known.begin(), known.end(), name) != known.end(); });
  const bool classes = labels.column("label").has_value();
  if (predicted.size() == 1) return !known.empty();
  if (classes && all_known)
    throw ConfigError(fmt::format(
        "--evaluate.task: wanted to know what {} predicts: {} has the column label, of which one class is true, and label_{}, each true "
        "or not: give --evaluate.task label or --evaluate.task multilabel",
        settings.predictions.string(), settings.labels.string(), fmt::join(predicted, ", label_")));
  return !classes && !known.empty();
}

void evaluate_multilabel(const EvaluateSettings& settings) {
  const MultilabelResult result = judge(settings);
  const auto curves = label_curves(result);
  const auto figures = curve_figures(result, curves);
  publish_evaluation(settings.output, curve_tables(curves, "label"), figures, evaluation_page(result, figures), metrics_json(result));
  tell(result, settings.output);
}

}  // namespace microtome
