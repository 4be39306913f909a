// SPDX-License-Identifier: Apache-2.0
#include "mil/training/followed_patients.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "mil/evaluation/survival/concordance.h"
#include "mil/model_error.h"

namespace microtome {
namespace {

constexpr std::size_t kToldTimes = 100;

/// Where the curve of a baseline is told: event times, thinned evenly.
std::vector<double> told_months(const FollowUp& follow_up) {
  const std::vector<double> events = follow_up.event_months();
  const std::set<double> distinct(events.begin(), events.end());
  const std::vector<double> all(distinct.begin(), distinct.end());
  if (all.size() <= kToldTimes) return all;
  std::vector<double> some;
  for (std::size_t i = 1; i <= kToldTimes; ++i) some.push_back(all[i * all.size() / kToldTimes - 1]);
  return some;
}

/// Breslow: sum over event times up to `months` of events / sum of exp(risk) of those at risk.
std::vector<double> baseline_at(const std::vector<double>& months, const PatientRisks& patients) {
  std::vector<std::size_t> order(patients.risk.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto& time = patients.follow_up.months;
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return time[a] > time[b]; });
  std::map<double, double> steps;
  double at_risk = 0;
  for (std::size_t first = 0; first < order.size();) {
    std::size_t end = first;
    double events = 0;
    for (; end < order.size() && time[order[end]] == time[order[first]]; ++end) {
      at_risk += std::exp(patients.risk[order[end]]);
      events += patients.follow_up.event[order[end]];
    }
    if (events > 0) steps[time[order[first]]] = events / at_risk;
    first = end;
  }
  std::vector<double> out;
  double sum = 0;
  auto step = steps.begin();
  for (const double month : months) {
    for (; step != steps.end() && step->first <= month; ++step) sum += step->second;
    out.push_back(sum);
  }
  return out;
}

}  // namespace

std::vector<double> time_bins(const std::vector<const TrainingSlide*>& slides, int bins) {
  const PatientRisks patients = patient_risks(slides, std::vector<double>(slides.size(), 0.0));
  const std::vector<double> events = patients.follow_up.event_months();
  const auto& months = patients.follow_up.months;
  std::vector<double> ends;
  if (!events.empty())
    for (int k = 1; k < bins; ++k) ends.push_back(quantile_of(events, static_cast<double>(k) / bins));
  ends.push_back(*std::max_element(months.begin(), months.end()) + 1e-6);
  if (events.empty() || std::adjacent_find(ends.begin(), ends.end(), std::greater_equal<>()) != ends.end())
    throw ModelError(fmt::format("the training set: {} time bins with different ends were wanted: the {} events of a fold's training patients do not give "
                                 "them: lower time_bins, lower folds, or use the loss cox",
                                 bins, events.size()));
  return ends;
}

int bin_of(const std::vector<double>& right_ends, double months) {
  const auto at = std::upper_bound(right_ends.begin(), right_ends.end(), months) - right_ends.begin();
  return static_cast<int>(std::min<std::ptrdiff_t>(at, static_cast<std::ptrdiff_t>(right_ends.size()) - 1));
}

PatientRisks patient_risks(const std::vector<const TrainingSlide*>& slides, const std::vector<double>& risk_of_slides) {
  struct Sum {
    double risk = 0, slides = 0;
    const TrainingSlide* first = nullptr;
  };
  std::map<std::string, Sum> by_patient;
  for (std::size_t i = 0; i < slides.size(); ++i) {
    Sum& sum = by_patient[slides[i]->patient_id];
    sum.risk += risk_of_slides[i];
    sum.slides += 1;
    if (!sum.first) sum.first = slides[i];
  }
  PatientRisks out;
  for (const auto& [id, sum] : by_patient) {
    out.risk.push_back(sum.risk / sum.slides);
    out.follow_up.months.push_back(sum.first->months);
    out.follow_up.event.push_back(sum.first->event ? 1 : 0);
  }
  return out;
}

void fit_survival_card(SurvivalCard& card, const PatientRisks& patients) {
  std::vector<double> sorted = patients.risk;
  std::sort(sorted.begin(), sorted.end());
  card.risk_cut = quantile_of(sorted, 0.5);
  if (card.form != "risk") return;
  card.months = told_months(patients.follow_up);
  card.baseline = baseline_at(card.months, patients);
}

double concordance_of(const PatientRisks& patients) {
  return harrell_c(RankedRisks(patients.risk, patients.follow_up).count()).value_or(0.5);
}

}  // namespace microtome
