// SPDX-License-Identifier: Apache-2.0
#include "pipeline/commands/judge_classes.h"

#include <charconv>

#include "mil/evaluation/classification.h"

namespace microtome {
namespace {

void add_folds(EvaluationResult& result, const BootstrapSettings& bootstrap) {
  const Judged& judged = result.set.judged;
  if (judged.fold_numbers().size() < 2) return;
  result.fold_means = measure_fold_means(judged, bootstrap);
  for (const int number : judged.fold_numbers())
    result.folds.push_back({number, measure(judged.select(judged.rows_of_fold(number)), bootstrap)});
}

}  // namespace

std::optional<double> given_threshold(const EvaluateSettings& settings) {
  if (settings.threshold == "auto") return std::nullopt;
  double value = 0;
  std::from_chars(settings.threshold.data(), settings.threshold.data() + settings.threshold.size(), value);  // validated
  return value;
}

BootstrapSettings bootstrap_settings(const EvaluateSettings& settings) { return {settings.bootstrap, settings.seed, 0.95}; }

EvaluationResult judge_classes(EvaluationSet set, const EvaluateSettings& settings, const std::vector<std::string>& columns) {
  const BootstrapSettings bootstrap = bootstrap_settings(settings);
  EvaluationResult out;
  out.settings = settings;
  out.set = std::move(set);
  out.rule = decide(out.set.judged, given_threshold(settings));
  out.metrics = measure(out.set.judged, bootstrap);
  add_folds(out, bootstrap);
  for (std::size_t k = 0; k < columns.size(); ++k)
    out.subgroups.push_back(judge_subgroups(out.set.judged, columns[k], out.set.levels[k], bootstrap));
  return out;
}

ComparedModels compare_classes(EvaluationSet one, EvaluationSet other, std::size_t left_out, const EvaluateSettings& settings) {
  ComparedModels out;
  out.left_out = left_out;
  out.one_rule = decide(one.judged, given_threshold(settings));
  out.other_rule = decide(other.judged, given_threshold(settings));
  other.judged.fold = one.judged.fold;  // both are resampled as the first model's folds say
  out.rows = one.judged.rows();
  out.patients = static_cast<std::size_t>(one.judged.patients());
  out.result = compare(one.judged, other.judged, bootstrap_settings(settings));
  return out;
}

}  // namespace microtome
