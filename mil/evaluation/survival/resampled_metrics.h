// SPDX-License-Identifier: Apache-2.0
// Statistics of survival as lines of a result: with their counts, and with intervals or the reason why there are none.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mil/evaluation/bootstrap.h"
#include "mil/evaluation/survival/judged_survival.h"

namespace microtome {

/// Patients and events are filled in, the interval is not.
Metric bare_metric(const JudgedSurvival& judged, const std::string& name, std::optional<double> value);

/// Why these patients have no such measure, one of SurvivalMeasures::names().
std::string why_absent(const std::string& name, const JudgedSurvival& judged);

/// Patients are rows, and are exchanged within their fold.
PatientRows units_of(const JudgedSurvival& judged);

/// One metric a name, of as many `statistics`, with BCa intervals. Cost: bootstrap()'s.
std::vector<Metric> resampled_metrics(const JudgedSurvival& judged, const std::vector<std::string>& names, const Statistics& statistics,
                                      const BootstrapSettings& settings);

}  // namespace microtome
