// SPDX-License-Identifier: Apache-2.0
#include "mil/evaluation/multilabel/multilabel_measures.h"

#include <algorithm>
#include <cassert>

#include "mil/evaluation/calibration.h"
#include "mil/evaluation/classification.h"
#include "mil/evaluation/roc.h"

namespace microtome {
namespace {

constexpr std::size_t kMacro = 6;      // the first of names()
constexpr std::size_t kCompared = 10;  // all but the cardinalities

std::optional<double> share(double sum, double n) { return n > 0 ? std::optional(sum / n) : std::nullopt; }

RankedScores ranked(const Judged& judged) { return {judged.column(judged.positive), judged.is_class(judged.positive)}; }

/// Every known answer as a row of its own.
Judged known_answers(const JudgedLabels& judged, std::vector<std::size_t>& row_of) {
  Judged out;
  out.classes = {"no", "yes"};
  for (std::size_t r = 0; r < judged.rows(); ++r)
    for (std::size_t l = 0; l < judged.labels(); ++l) {
      const std::size_t at = judged.at(r, l);
      if (judged.known[at] == kUnknown) continue;
      row_of.push_back(r);
      out.label.push_back(judged.known[at]);
      out.decision.push_back(judged.decision[at]);
      out.probability.insert(out.probability.end(), {1 - judged.probability[at], judged.probability[at]});
    }
  return out;
}

/// Those of a label whose rows have the weights given; all nothing where one answer is gone.
Values macro_values(const Judged& judged, const RankedScores& ranks, RowWeights weight) {
  const auto counts = ranks.count(weight);
  const auto area = auc(counts);
  if (!area) return Values(kMacro);
  const Confusion c(judged, weight);
  return {
      area, average_precision(counts), balanced_accuracy(c), f1(c, judged.positive), brier(counts), calibration_error(reliability(counts))};
}

/// Of each macro measure its mean; nothing where one of the labels has no value.
Values strict_mean_of(const std::vector<Values>& sets) {
  if (sets.empty()) return Values(kMacro);
  Values out = mean_of(sets);
  for (const Values& set : sets)
    for (std::size_t k = 0; k < out.size(); ++k)
      if (!set[k]) out[k].reset();
  return out;
}

/// Patients within their fold.
PatientRows drawn_within_folds(const JudgedLabels& judged) {
  const auto numbers = judged.fold_numbers();
  PatientRows out{judged.patient, std::vector<int>(static_cast<std::size_t>(judged.patients()), 0)};
  for (std::size_t r = 0; r < judged.fold.size(); ++r)
    out.stratum[static_cast<std::size_t>(judged.patient[r])] =
        static_cast<int>(std::lower_bound(numbers.begin(), numbers.end(), judged.fold[r]) - numbers.begin());
  return out;
}

std::string why_no_value(const std::string& name) {
  if (name.starts_with("macro_")) return "no label has rows of both answers";
  if (name == "micro_auc") return "all known answers are the same";
  if (name == "micro_f1") return "no known answer is yes and none was called yes";
  return "no row has all of its answers known";
}

/// What the value was taken from: rows, or answers.
std::int64_t counted(const JudgedLabels& judged, const std::string& name) {
  if (name.starts_with("macro_")) return static_cast<std::int64_t>(judged.rows());
  if (name.starts_with("micro_") || name == "hamming_loss")
    return std::count_if(judged.known.begin(), judged.known.end(), [](int k) { return k != kUnknown; });
  std::int64_t out = 0;
  for (std::size_t r = 0; r < judged.rows(); ++r) out += judged.complete(r);
  return out;
}

std::string left_out_labels(const JudgedLabels& judged) {
  std::string out;
  for (std::size_t l = 0; l < judged.labels(); ++l)
    if (!why_not_judged(judged.of_label(l)).empty()) out += (out.empty() ? "without " : ", ") + judged.names[l];
  return out.empty() ? "" : out + ": not judged";
}

std::string skipped_note(int skipped) { return skipped > 0 ? std::to_string(skipped) + " resamples without a value were skipped" : ""; }

std::string joined(const std::string& a, const std::string& b) { return a.empty() || b.empty() ? a + b : a + "; " + b; }

std::vector<Metric> bare(const JudgedLabels& judged, const Values& values, std::size_t count) {
  std::vector<Metric> out;
  for (std::size_t k = 0; k < count; ++k) {
    Metric& m = out.emplace_back();
    m.name = MultilabelMeasures::names()[k];
    m.value = values[k];
    m.n = counted(judged, m.name);
    if (!m.value) m.interval.reason = why_no_value(m.name);
  }
  return out;
}

std::vector<Metric> with_intervals_of(const JudgedLabels& judged, const Statistics& statistics, std::size_t count,
                                      const BootstrapSettings& settings) {
  std::vector<Metric> out = bare(judged, statistics({}), count);
  const Resampled resampled = bootstrap(drawn_within_folds(judged), statistics, settings);
  for (std::size_t k = 0; k < count; ++k) {
    if (!out[k].value) continue;
    out[k].interval = resampled.intervals[k];
    out[k].note = skipped_note(resampled.skipped[k]);
  }
  return out;
}

/// A fold's rows, with the measures of them.
struct FoldOfLabels {
  std::vector<std::size_t> rows;
  MultilabelMeasures measures;
  Values whole;
};

std::vector<FoldOfLabels> folds_of(const JudgedLabels& judged) {
  std::vector<FoldOfLabels> out;
  for (const int number : judged.fold_numbers()) {
    auto rows = judged.rows_of_fold(number);
    MultilabelMeasures measures(judged.select(rows));
    Values whole = measures.values();
    out.push_back({std::move(rows), std::move(measures), std::move(whole)});
  }
  return out;
}

/// Means over the folds that have a value when everybody counts once; nothing where one of them has lost it.
Values mean_over_folds(const std::vector<FoldOfLabels>& folds, RowWeights weight) {
  std::vector<Values> sets;
  for (const FoldOfLabels& fold : folds) sets.push_back(fold.measures.values(gathered(weight, fold.rows)));
  Values out = mean_of(sets);
  for (std::size_t f = 0; f < folds.size(); ++f)
    for (std::size_t k = 0; k < out.size(); ++k)
      if (folds[f].whole[k] && !sets[f][k]) out[k].reset();
  return out;
}

}  // namespace

MultilabelMeasures::MultilabelMeasures(const JudgedLabels& judged)
    : answers_(known_answers(judged, row_of_answer_)), answer_ranks_(ranked(answers_)) {
  for (std::size_t l = 0; l < judged.labels(); ++l) {
    Judged label = judged.of_label(l);
    if (!why_not_judged(label).empty()) continue;
    RankedScores ranks = ranked(label);
    labels_.push_back({judged.rows_known(l), std::move(label), std::move(ranks)});
  }
  for (std::size_t r = 0; r < judged.rows(); ++r) {
    if (!judged.complete(r)) continue;
    CompleteRow& row = complete_.emplace_back(CompleteRow{r, 0, 0, true});
    for (std::size_t l = 0; l < judged.labels(); ++l) {
      const int known = judged.known[judged.at(r, l)], called = judged.decision[judged.at(r, l)];
      row.known += known;
      row.called += called;
      row.right &= known == called;
    }
  }
}

const std::vector<std::string>& MultilabelMeasures::names() {
  static const std::vector<std::string> all = {"macro_auc",   "macro_auprc",       "macro_balanced_accuracy",
                                               "macro_f1",    "macro_brier",       "macro_ece",
                                               "micro_auc",   "micro_f1",          "hamming_loss",
                                               "exact_match", "cardinality_known", "cardinality_predicted"};
  return all;
}

Values MultilabelMeasures::values(RowWeights weight) const {
  Values out = of_labels(weight);
  for (const Values& more : {of_answers(weight), of_complete_rows(weight)}) out.insert(out.end(), more.begin(), more.end());
  return out;
}

Values MultilabelMeasures::of_labels(RowWeights weight) const {
  std::vector<Values> sets;
  for (const Label& label : labels_) sets.push_back(macro_values(label.judged, label.ranks, gathered(weight, label.rows)));
  return strict_mean_of(sets);
}

Values MultilabelMeasures::of_answers(RowWeights weight) const {
  const auto of_answer = gathered(weight, row_of_answer_);
  const Confusion c(answers_, of_answer);
  return {auc(answer_ranks_.count(of_answer)), f1(c, answers_.positive),
          share(static_cast<double>(c.total() - c.right()), static_cast<double>(c.total()))};
}

Values MultilabelMeasures::of_complete_rows(RowWeights weight) const {
  double n = 0, right = 0, known = 0, called = 0;
  for (const CompleteRow& row : complete_) {
    const int times = weight.empty() ? 1 : weight[row.row];
    n += times;
    right += times * row.right;
    known += times * row.known;
    called += times * row.called;
  }
  return {share(right, n), share(known, n), share(called, n)};
}

std::vector<Metric> measure_multilabel(const JudgedLabels& judged, const BootstrapSettings& settings) {
  const MultilabelMeasures measures(judged);
  auto out = with_intervals_of(
      judged, [&](RowWeights weight) { return measures.values(weight); }, MultilabelMeasures::names().size(), settings);
  const std::string missing = left_out_labels(judged);
  for (std::size_t k = 0; k < kMacro; ++k) {
    if (!out[k].value) continue;
    if (out[k].name == "macro_ece") out[k].note = joined(calibration_error_note(judged.rows()), out[k].note);
    out[k].note = joined(missing, out[k].note);
  }
  return out;
}

std::vector<Metric> measure_multilabel_fold_means(const JudgedLabels& judged, const BootstrapSettings& settings) {
  if (judged.fold_numbers().size() < 2) return {};
  const auto folds = folds_of(judged);
  return with_intervals_of(
      judged, [&](RowWeights weight) { return mean_over_folds(folds, weight); }, MultilabelMeasures::names().size(), settings);
}

MultilabelComparison compare_multilabel(const JudgedLabels& one, const JudgedLabels& other, const BootstrapSettings& settings) {
  assert(one.known == other.known && one.patient == other.patient && one.names == other.names);
  const MultilabelMeasures first(one), second(other);
  MultilabelComparison out{bare(one, first.values(), kCompared), bare(one, second.values(), kCompared), {}};
  out.difference = with_intervals_of(
      one, [&](RowWeights weight) { return minus(first.values(weight), second.values(weight)); }, kCompared, settings);
  return out;
}

}  // namespace microtome
