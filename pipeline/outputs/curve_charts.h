// SPDX-License-Identifier: Apache-2.0
// The charts of probabilities, one curve a class or a label.
#pragma once

#include <vector>

#include "mil/evaluation/intervals.h"
#include "pipeline/outputs/evaluation_result.h"
#include "reporting/line_chart.h"

namespace microtome {

Chart roc_chart(const std::vector<ClassCurves>& curves);
Chart precision_recall_chart(const std::vector<ClassCurves>& curves);  // the steps that average precision adds up
Chart reliability_chart(const std::vector<ClassCurves>& curves);       // without empty bins
Chart decision_chart(const std::vector<ClassCurves>& curves);          // one curve alone has that of acting on everybody beside it

/// Of the share of positives in a bin that is not empty (Wilson).
Range limits_of(const ReliabilityBin& bin);

}  // namespace microtome
