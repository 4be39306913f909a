// SPDX-License-Identifier: Apache-2.0
#include "mil/evaluation/classification.h"

#include <algorithm>

#include "mil/evaluation/calibration.h"
#include "mil/evaluation/decisions.h"
#include "mil/evaluation/delong.h"
#include "mil/evaluation/values.h"

namespace microtome {
namespace {

constexpr std::size_t kFewRows = 500;

RankedScores reliability_scores(const Judged& judged) {
  if (!judged.binary()) return top_label(judged);
  return {judged.column(judged.positive), judged.is_class(judged.positive)};
}

Metric bare_metric(const Judged& judged, const std::string& name, std::optional<double> value) {
  Metric out;
  out.name = name;
  out.value = value;
  out.n = static_cast<std::int64_t>(judged.rows());
  if (judged.binary()) out.events = std::count(judged.label.begin(), judged.label.end(), judged.positive);
  if (!value) out.interval.reason = why_absent(name);
  return out;
}

std::string note_of(const std::string& name, const Judged& judged, int skipped) {
  std::string out = name == "ece" || name == "ece_equal_mass" ? calibration_error_note(judged.rows()) : "";
  if (skipped > 0) out += (out.empty() ? "" : "; ") + std::to_string(skipped) + " resamples without a value were skipped";
  return out;
}

std::vector<Metric> with_intervals(const Judged& judged, const std::vector<std::string>& names, const Statistics& statistics,
                                   const BootstrapSettings& settings) {
  const Values values = statistics({});
  const Resampled resampled = bootstrap(judged, statistics, settings);
  std::vector<Metric> out;
  for (std::size_t k = 0; k < names.size(); ++k) {
    out.push_back(bare_metric(judged, names[k], values[k]));
    if (!values[k]) continue;
    out.back().interval = resampled.intervals[k];
    out.back().note = note_of(names[k], judged, resampled.skipped[k]);
  }
  return out;
}

/// DeLong's interval takes the AUC's place where its rows are independent; the resampled one stays beside it.
void put_delong_first(std::vector<Metric>& metrics, const Judged& judged) {
  if (!judged.binary() || !judged.independent() || !metrics.front().value) return;
  const auto area = delong(judged.column(judged.positive), judged.is_class(judged.positive));
  if (!area) return;
  Metric resampled = metrics.front();
  resampled.name = "auc_bootstrap";
  metrics.front().interval = delong_interval(*area);
  metrics.front().note.clear();
  metrics.insert(metrics.begin() + 1, std::move(resampled));
}

/// The rows of one fold with everything prepared.
struct FoldMeasures {
  std::vector<std::size_t> rows;
  Judged judged;
};

}  // namespace

ClassificationMeasures::ClassificationMeasures(const Judged& judged) : judged_(judged), reliability_(reliability_scores(judged)) {
  if (judged.binary()) {
    names_ = {"auc",   "auprc", "accuracy", "balanced_accuracy", "sensitivity",       "specificity",          "ppv", "npv", "f1", "mcc",
              "kappa", "brier", "ece",      "ece_equal_mass",    "calibration_slope", "calibration_intercept"};
    return;
  }
  ranks_.emplace(judged);
  names_ = {"auc", "auc_hand_till", "auprc", "accuracy", "balanced_accuracy", "sensitivity", "specificity", "f1",
            "mcc", "kappa",         "brier", "ece",      "ece_equal_mass"};
}

Values ClassificationMeasures::values(RowWeights weight) const { return judged_.binary() ? binary_values(weight) : class_values(weight); }

Values ClassificationMeasures::binary_values(RowWeights weight) const {
  const auto counts = reliability_.count(weight);
  const Confusion c(judged_, weight);
  const int positive = judged_.positive;
  const auto fitted = recalibrate(counts);
  return {auc(counts),
          average_precision(counts),
          accuracy(c),
          balanced_accuracy(c),
          recall(c, positive),
          specificity(c, positive),
          precision(c, positive),
          negative_predictive_value(c, positive),
          f1(c, positive),
          matthews(c),
          quadratic_kappa(c),
          brier(counts),
          calibration_error(reliability(counts)),
          calibration_error(reliability_equal_mass(counts)),
          fitted ? std::optional(fitted->slope) : std::nullopt,
          fitted ? std::optional(fitted->in_the_large) : std::nullopt};
}

Values ClassificationMeasures::class_values(RowWeights weight) const {
  const auto counts = reliability_.count(weight);
  const Confusion c(judged_, weight);
  return {ranks_->macro_auc(weight),
          ranks_->hand_till(weight),
          ranks_->macro_average_precision(weight),
          accuracy(c),
          balanced_accuracy(c),
          balanced_accuracy(c),  // the mean sensitivity over classes
          macro_specificity(c),
          macro_f1(c),
          matthews(c),
          quadratic_kappa(c),
          brier(judged_, weight),
          calibration_error(reliability(counts)),
          calibration_error(reliability_equal_mass(counts))};
}

std::string why_absent(const std::string& name) {
  if (name.starts_with("auc") || name == "auprc") return "rows of one class only";
  if (name == "sensitivity") return "no row of the positive class";
  if (name == "specificity") return "no row of another class than the positive one";
  if (name == "ppv") return "no row was called positive";
  if (name == "npv") return "no row was called negative";
  if (name == "mcc" || name == "kappa") return "all rows have one class, or one decision";
  if (name.starts_with("calibration")) return "one class only, or the probabilities separate the classes completely: the slope is infinite";
  if (name == "temperature") return "no finite temperature: every label is the most probable class, or labels go against probabilities";
  return "no row to take it from";
}

std::vector<Metric> measure(const Judged& judged, const BootstrapSettings& settings) {
  const ClassificationMeasures measures(judged);
  auto out = with_intervals(
      judged, measures.names(), [&](RowWeights weight) { return measures.values(weight); }, settings);
  put_delong_first(out, judged);
  out.push_back(bare_metric(judged, "temperature", temperature(judged)));
  if (out.back().value) out.back().interval = {{}, {}, "least negative log likelihood", "fitted to these rows: no interval"};
  return out;
}

std::string calibration_error_note(std::size_t rows) {
  return rows < kFewRows ? "too high in small sets, where shares scatter: compare sets of one size" : "";
}

std::vector<Metric> measures_without_value(const Judged& judged, const std::string& why) {
  const ClassificationMeasures measures(judged);
  std::vector<Metric> out;
  for (const std::string& name : measures.names()) out.push_back(bare_metric(judged, name, std::nullopt));
  out.push_back(bare_metric(judged, "temperature", std::nullopt));
  for (Metric& m : out) m.interval.reason = why;
  return out;
}

std::vector<Metric> measure_fold_means(const Judged& judged, const BootstrapSettings& settings) {
  const auto numbers = judged.fold_numbers();
  if (numbers.size() < 2) return {};
  std::vector<FoldMeasures> folds;
  for (const int number : numbers) {
    auto rows = judged.rows_of_fold(number);
    Judged of_fold = judged.select(rows);
    folds.push_back({std::move(rows), std::move(of_fold)});
  }
  std::vector<ClassificationMeasures> measures;
  for (const FoldMeasures& fold : folds) measures.emplace_back(fold.judged);
  auto statistics = [&](RowWeights weight) {
    std::vector<Values> sets;
    for (std::size_t f = 0; f < folds.size(); ++f) sets.push_back(measures[f].values(gathered(weight, folds[f].rows)));
    return mean_of(sets);
  };
  return with_intervals(judged, measures.front().names(), statistics, settings);
}

}  // namespace microtome
