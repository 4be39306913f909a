// SPDX-License-Identifier: Apache-2.0
#include "mil/evaluation/survival/survival_measures.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <memory>

#include "mil/evaluation/survival/cox.h"
#include "mil/evaluation/survival/log_rank.h"
#include "mil/evaluation/survival/resampled_metrics.h"
#include "mil/evaluation/survival/survival_calibration.h"
#include "mil/evaluation/values.h"

namespace microtome {
namespace {

constexpr int kAucTimes = 20;
constexpr double kFirstShare = 0.1, kTauShare = 0.8;

std::vector<Metric> with_intervals(const JudgedSurvival& judged, const Statistics& statistics, const BootstrapSettings& settings) {
  return resampled_metrics(judged, SurvivalMeasures::names(), statistics, settings);
}

Metric hazard_ratio(const JudgedSurvival& judged, const std::string& name, const std::vector<double>& covariate, double level) {
  const CoxFit fit = fit_cox(covariate, 1, judged.follow_up, {CoxTies::efron, 0, level});
  Metric out = bare_metric(judged, name, {});
  out.interval.method = "Cox regression (Efron), Wald";
  if (!fit.problem.empty()) {
    out.interval.reason = fit.problem.starts_with("covariate") ? "all patients have the same risk, or lie in one group" : fit.problem;
    return out;
  }
  out.value = fit.terms[0].hazard_ratio;
  out.interval.low = fit.terms[0].low;
  out.interval.high = fit.terms[0].high;
  return out;
}

Metric log_rank_metric(const JudgedSurvival& judged) {
  const LogRank test = log_rank(judged.follow_up, {judged.high_risk.begin(), judged.high_risk.end()}, 2);
  Metric out = bare_metric(judged, "logrank_p", test.p);
  out.interval.method = "log-rank test of high against low risk";
  out.interval.reason = test.p ? "a p-value has no interval" : test.reason;
  return out;
}

std::vector<double> standardised(const std::vector<double>& values) {
  double mean = 0, squares = 0;
  for (const double v : values) mean += v / static_cast<double>(values.size());
  for (const double v : values) squares += (v - mean) * (v - mean);
  const double sd = values.size() > 1 ? std::sqrt(squares / static_cast<double>(values.size() - 1)) : 0;
  std::vector<double> out;
  for (const double v : values) out.push_back(sd > 0 ? (v - mean) / sd : 0);
  return out;
}

Metric calibration_metric(const JudgedSurvival& judged, const SurvivalTimes& times) {
  Metric out = bare_metric(judged, "calibration_error", {});
  out.interval.method = "mean over groups of patients of |predicted - Kaplan-Meier| at the horizon";
  if (!times.horizon) {
    out.interval.reason = "the predictions have no columns surv_<months>";
    return out;
  }
  const auto groups =
      calibration_at(predicted_at(judged, times.horizon), judged.follow_up, *times.horizon, calibration_groups(judged.rows()));
  out.value = horizon_error(groups);
  out.interval.reason =
      out.value ? "a mean of distances: too high in small sets, and no interval" : "in one group nobody was followed to the horizon";
  return out;
}

Metric d_calibration_metric(const JudgedSurvival& judged) {
  const DCalibration test = d_calibration(judged.curves, judged.follow_up);
  Metric out = bare_metric(judged, "d_calibration_p", test.p);
  out.interval.method = "D-calibration, chi-square of 10 bins";
  out.interval.reason = test.p ? "a p-value has no interval" : judged.curves.months.empty() ? why_absent("d", judged) : test.reason;
  return out;
}

std::vector<Metric> plain(const JudgedSurvival& judged, const Values& values) {
  std::vector<Metric> out;
  for (std::size_t k = 0; k < values.size(); ++k) {
    out.push_back(bare_metric(judged, SurvivalMeasures::names()[k], values[k]));
    out.back().interval.reason = values[k] ? "see the difference" : why_absent(out.back().name, judged);
  }
  return out;
}

SurvivalCurves only(const SurvivalCurves& curves, const std::vector<double>& months) {
  SurvivalCurves out{months, {}};
  if (months.empty()) return out;
  const std::size_t rows = curves.survival.size() / curves.months.size();
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t k = 0; k < curves.months.size(); ++k)
      if (std::binary_search(months.begin(), months.end(), curves.months[k])) out.survival.push_back(curves.at(r, k));
  return out;
}

/// One fold, prepared, with the patients of all others as its reference.
struct FoldMeasures {
  FoldMeasures(const JudgedSurvival& whole, int number, const SurvivalTimes& times)
      : rows(whole.rows_of_fold(number)),
        judged(whole.select(rows)),
        others(whole.follow_up.select(whole.rows_of_fold(number, true))),
        measures(judged, times, &others) {}
  FoldMeasures(const FoldMeasures&) = delete;
  FoldMeasures& operator=(const FoldMeasures&) = delete;

  Values values(RowWeights weight) const { return measures.values(gathered(weight, rows)); }

  std::vector<std::size_t> rows;
  JudgedSurvival judged;
  FollowUp others;
  SurvivalMeasures measures;
};

}  // namespace

SurvivalTimes choose_times(const JudgedSurvival& judged, std::optional<double> tau, std::optional<double> horizon) {
  SurvivalTimes out;
  const std::vector<double> events = judged.follow_up.event_months();
  assert(!events.empty());
  const double longest = *std::max_element(judged.follow_up.months.begin(), judged.follow_up.months.end());
  out.tau = tau ? *tau : quantile_of(events, kTauShare);
  const double first = std::min(quantile_of(events, kFirstShare), out.tau);
  for (int k = 0; k < kAucTimes; ++k) {
    const double t = first + (out.tau - first) * k / (kAucTimes - 1);
    if (t < longest && (out.auc.empty() || t > out.auc.back())) out.auc.push_back(t);
  }
  for (const double t : judged.curves.months) {
    if (t < longest) out.brier.push_back(t);
    if (t <= out.tau || !out.horizon) out.horizon = t;
  }
  if (horizon) out.horizon = horizon;
  return out;
}

SurvivalMeasures::SurvivalMeasures(const JudgedSurvival& judged, const SurvivalTimes& times, const FollowUp* reference)
    : judged_(judged),
      times_(times),
      table_(judged.follow_up),
      ranks_(judged.risk, judged.follow_up),
      over_time_(judged.risk, judged.follow_up, times.auc),
      curves_(only(judged.curves, times.brier)) {
  if (reference) reference_.emplace(TimeTable(*reference).count());
}

const std::vector<std::string>& SurvivalMeasures::names() {
  static const std::vector<std::string> all = {"c_harrell", "c_uno", "auc_t", "ibs", "ibs_kaplan_meier"};
  return all;
}

CensoringCurve SurvivalMeasures::censoring(const std::vector<TimeCount>& counts) const {
  return reference_ ? *reference_ : CensoringCurve(counts);
}

Values SurvivalMeasures::values(RowWeights weight) const {
  const auto counts = table_.count(weight);
  const auto curve = kaplan_meier(counts);
  const CensoringCurve weights = censoring(counts);
  const ConcordanceIndices c = ranks_.indices(weights, times_.tau, weight);
  Values out = {c.harrell, c.uno, {}, {}, {}};
  if (!times_.auc.empty()) out[2] = mean_area(times_.auc, over_time_.areas(weights, weight), curve);
  if (times_.brier.size() < 2) return out;
  out[3] = integrated_brier(times_.brier, brier_over_time(curves_, judged_.follow_up, weights, weight));
  out[4] = integrated_brier(times_.brier, brier_of_one_curve(times_.brier, curve, judged_.follow_up, weights, weight));
  return out;
}

Values SurvivalMeasures::areas(RowWeights weight) const { return over_time_.areas(censoring(table_.count(weight)), weight); }

Values SurvivalMeasures::brier() const { return brier_over_time(curves_, judged_.follow_up, censoring(table_.count())); }

Values SurvivalMeasures::brier_kaplan_meier() const {
  const auto counts = table_.count();
  return brier_of_one_curve(times_.brier, kaplan_meier(counts), judged_.follow_up, censoring(counts));
}

std::vector<Metric> measure_survival(const JudgedSurvival& judged, const SurvivalTimes& times, const BootstrapSettings& settings,
                                     const FollowUp* reference) {
  const SurvivalMeasures measures(judged, times, reference);
  auto out = with_intervals(
      judged, [&](RowWeights weight) { return measures.values(weight); }, settings);
  out.push_back(log_rank_metric(judged));
  out.push_back(hazard_ratio(judged, "hazard_ratio", {judged.high_risk.begin(), judged.high_risk.end()}, settings.level));
  out.push_back(hazard_ratio(judged, "hazard_ratio_per_sd", standardised(judged.risk), settings.level));
  out.push_back(calibration_metric(judged, times));
  out.push_back(d_calibration_metric(judged));
  return out;
}

std::vector<Metric> measure_survival_fold_means(const JudgedSurvival& judged, const SurvivalTimes& times,
                                                const BootstrapSettings& settings) {
  const auto numbers = judged.fold_numbers();
  if (numbers.size() < 2) return {};
  std::vector<std::unique_ptr<FoldMeasures>> folds;
  for (const int number : numbers) folds.push_back(std::make_unique<FoldMeasures>(judged, number, times));
  auto statistics = [&](RowWeights weight) {
    std::vector<Values> sets;
    for (const auto& fold : folds) sets.push_back(fold->values(weight));
    return mean_of(sets);
  };
  return with_intervals(judged, statistics, settings);
}

SurvivalComparison compare_survival(const JudgedSurvival& one, const JudgedSurvival& other, const SurvivalTimes& times,
                                    const BootstrapSettings& settings) {
  assert(one.follow_up.months == other.follow_up.months);
  const SurvivalMeasures first(one, times), second(other, times);
  SurvivalComparison out;
  out.one = plain(one, first.values());
  out.other = plain(other, second.values());
  out.difference = with_intervals(
      one, [&](RowWeights weight) { return minus(first.values(weight), second.values(weight)); }, settings);
  for (Metric& m : out.difference)
    if (!m.value) m.interval.reason = "one of the two has no value";
  for (auto* metrics : {&out.one, &out.other, &out.difference}) metrics->pop_back();  // ibs_kaplan_meier knows no model
  return out;
}

std::vector<Metric> areas_with_intervals(const JudgedSurvival& judged, const SurvivalTimes& times, const BootstrapSettings& settings) {
  const SurvivalMeasures measures(judged, times);
  const Values values = measures.areas();
  const Resampled resampled = bootstrap(
      units_of(judged), [&](RowWeights weight) { return measures.areas(weight); }, settings);
  std::vector<Metric> out;
  for (std::size_t k = 0; k < values.size(); ++k) {
    out.push_back(bare_metric(judged, "", values[k]));
    out.back().interval = resampled.intervals[k];
  }
  return out;
}

int calibration_groups(std::size_t patients) { return std::clamp(static_cast<int>(patients / 50), 3, 10); }

std::vector<double> predicted_at(const JudgedSurvival& judged, std::optional<double> horizon) {
  std::vector<double> out;
  for (std::size_t r = 0; horizon && r < judged.rows(); ++r) out.push_back(judged.curves.between(r, *horizon).value_or(0));
  return out;
}

}  // namespace microtome
