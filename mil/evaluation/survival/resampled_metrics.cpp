// SPDX-License-Identifier: Apache-2.0
#include "mil/evaluation/survival/resampled_metrics.h"

#include <algorithm>

#include "mil/evaluation/values.h"

namespace microtome {

std::string why_absent(const std::string& name, const JudgedSurvival& judged) {
  if (judged.follow_up.events() == 0) return "there is no event";
  if (name == "c_harrell") return "no two patients can be compared: nobody was followed beyond another's event";
  if (name == "c_uno")
    return "no two patients can be compared before tau, or nobody of those the censoring curve comes from was followed that long";
  if (name == "auc_t") return "at one of the times there is no patient with an event before, or none followed beyond";
  if (judged.curves.months.empty()) return "the predictions have no columns surv_<months>";
  return "the curves have fewer than two times at which a patient was still followed";
}

Metric bare_metric(const JudgedSurvival& judged, const std::string& name, std::optional<double> value) {
  Metric out;
  out.name = name;
  out.value = value;
  out.n = static_cast<std::int64_t>(judged.rows());
  out.events = judged.follow_up.events();
  return out;
}

PatientRows units_of(const JudgedSurvival& judged) {
  PatientRows out;
  const std::vector<int> numbers = judged.fold_numbers();
  for (std::size_t r = 0; r < judged.rows(); ++r) {
    out.patient.push_back(static_cast<int>(r));
    const auto at = judged.fold.empty() ? numbers.begin() : std::lower_bound(numbers.begin(), numbers.end(), judged.fold[r]);
    out.stratum.push_back(static_cast<int>(at - numbers.begin()));
  }
  return out;
}

std::vector<Metric> resampled_metrics(const JudgedSurvival& judged, const std::vector<std::string>& names, const Statistics& statistics,
                                      const BootstrapSettings& settings) {
  const Values values = statistics({});
  const Resampled resampled = bootstrap(units_of(judged), statistics, settings);
  std::vector<Metric> out;
  for (std::size_t k = 0; k < values.size(); ++k) {
    const std::string& name = names[k];
    out.push_back(bare_metric(judged, name, values[k]));
    if (!values[k]) {
      out.back().interval.reason = why_absent(name, judged);
      continue;
    }
    out.back().interval = resampled.intervals[k];
    if (resampled.skipped[k] > 0) out.back().note = std::to_string(resampled.skipped[k]) + " resamples without a value were skipped";
  }
  return out;
}

}  // namespace microtome
