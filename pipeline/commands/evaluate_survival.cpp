// SPDX-License-Identifier: Apache-2.0
#include "pipeline/commands/evaluate_survival.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "pipeline/inputs/delimited_table.h"
#include "pipeline/inputs/value_table.h"
#include "pipeline/outputs/evaluation_files.h"
#include "pipeline/outputs/metric_text.h"
#include "pipeline/outputs/survival_ladder.h"
#include "pipeline/outputs/survival_result.h"

namespace microtome {
namespace {

std::optional<double> number_or_auto(const std::string& text) {
  if (text == "auto") return std::nullopt;
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);  // validated
  return value;
}

/// --evaluate.horizon against the curves that there are.
void check_horizon(const SurvivalCurves& curves, std::optional<double> horizon) {
  if (!horizon) return;
  if (curves.months.empty())
    throw ConfigError("--evaluate.horizon: wanted predictions with columns surv_<months>, got risks alone: leave it out");
  if (*horizon > curves.months.back())
    throw ConfigError(fmt::format("--evaluate.horizon: wanted months up to the last column of the predictions, surv_{}, got {}",
                                  curves.months.back(), *horizon));
}

SurvivalTimes times_of(const SurvivalSet& set, const EvaluateSettings& settings) {
  return choose_times(set.judged, number_or_auto(settings.tau), number_or_auto(settings.horizon));
}

ComparedRisks compare_risks(const EvaluateSettings& settings, SurvivalSet one, const BootstrapSettings& bootstrap) {
  SurvivalSet other = read_survival_set(settings.compare, settings.labels, {}, settings.censorship);
  ComparedRisks out;
  out.left_out = pair_up(one, other, settings.compare);
  out.patients = one.judged.rows();
  out.events = one.judged.follow_up.events();
  out.times = times_of(one, settings);
  const auto& theirs = other.judged.curves.months;  // curves are compared at the months of both
  std::erase_if(out.times.brier, [&](double t) { return !std::binary_search(theirs.begin(), theirs.end(), t); });
  out.result = compare_survival(one.judged, other.judged, out.times, bootstrap);
  return out;
}

void add_folds(SurvivalResult& result, const BootstrapSettings& bootstrap) {
  const JudgedSurvival& judged = result.set.judged;
  if (judged.fold_numbers().size() < 2) return;
  result.fold_means = measure_survival_fold_means(judged, result.times, bootstrap);
  for (const int number : judged.fold_numbers()) {
    const FollowUp others = judged.follow_up.select(judged.rows_of_fold(number, true));
    result.folds.push_back({number, measure_survival(judged.select(judged.rows_of_fold(number)), result.times, bootstrap, &others)});
  }
}

void add_follow_up(SurvivalResult& result) {
  FollowUp reversed = result.set.judged.follow_up;
  for (char& event : reversed.event) event = !event;
  result.median_follow_up = median_time(kaplan_meier(TimeTable(reversed).count())).months;
  result.longest_follow_up = *std::max_element(reversed.months.begin(), reversed.months.end());
}

SurvivalResult judge(const EvaluateSettings& settings) {
  require_survival_options(settings);
  const std::vector<std::string> columns = column_names(settings.subgroups);
  SurvivalResult out;
  out.settings = settings;
  out.set = read_survival_set(settings.predictions, settings.labels, columns, settings.censorship);
  check_horizon(out.set.judged.curves, number_or_auto(settings.horizon));
  const BootstrapSettings bootstrap{settings.bootstrap, settings.seed, 0.95};
  out.cut = split_risks(out.set.judged, number_or_auto(settings.risk_cut));
  out.times = times_of(out.set, settings);
  if (!settings.compare.empty()) out.compared = compare_risks(settings, out.set, bootstrap);
  out.metrics = measure_survival(out.set.judged, out.times, bootstrap);
  add_folds(out, bootstrap);
  out.ladder = judge_ladder(out.set.judged, out.times, bootstrap);
  for (std::size_t k = 0; k < columns.size(); ++k)
    out.subgroups.push_back(judge_survival_subgroups(out.set.judged, out.times, columns[k], out.set.levels[k], bootstrap));
  out.over_time = survival_over_time(out.set.judged, out.times, bootstrap);
  add_follow_up(out);
  return out;
}

void tell(const SurvivalResult& result, const std::filesystem::path& folder) {
  const SurvivalSet& set = result.set;
  fmt::print(stderr, "{} patients, {} events, up to {:.4g} months", set.judged.rows(), set.judged.follow_up.events(),
             result.longest_follow_up);
  if (set.averaged()) fmt::print(stderr, "; risks are means over a patient's slides");
  if (set.labels_without_predictions > 0) fmt::print(stderr, "; {} labels without a prediction left out", set.labels_without_predictions);
  fmt::print(stderr, "\n");
  for (const std::string& caution : cautions(result)) fmt::print(stderr, "caution: {}\n", caution);
  for (const std::string& line : ladder_lines(result)) fmt::print(stderr, "{}\n", line);
  fmt::print(stderr, "{}: c-index {}\n", folder.string(), with_interval(result.metrics.front()));
}

}  // namespace

void require_survival_options(const EvaluateSettings& settings) {
  if (settings.target != kValueColumn) throw ConfigError("--evaluate.target: wanted predictions with a column value, got risks: leave it out");
  if (!settings.positive.empty()) throw ConfigError("--evaluate.positive: wanted predictions of two classes, got risks: leave it out");
  if (settings.threshold != "auto")
    throw ConfigError("--evaluate.threshold: wanted predictions of two classes, got risks: cut them with --evaluate.risk_cut");
}

void evaluate_survival(const EvaluateSettings& settings) {
  const SurvivalResult result = judge(settings);
  const auto figures = curve_figures(result);
  publish_evaluation(settings.output, curve_tables(result), figures, evaluation_page(result, figures), metrics_json(result));
  tell(result, settings.output);
}

}  // namespace microtome
