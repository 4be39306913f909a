// SPDX-License-Identifier: Apache-2.0
// Parts of metrics.json that documents of several tasks have, as JSON text: the library that writes it stays in its files.
#pragma once

#include <string>
#include <vector>

#include "pipeline/outputs/evaluation_result.h"

namespace microtome {

/// An object: of each metric value, low, high, method, n, and what else it has.
std::string metrics_object_text(const std::vector<Metric>& metrics);

/// An object: of each metric what one model has, what the other, and the difference. Lists of one order.
std::string compared_metrics_text(const std::vector<Metric>& one, const std::vector<Metric>& other, const std::vector<Metric>& difference);

/// An object with decisions, classification and, where there are any, fold_means, per_fold, subgroups and comparison.
std::string judged_classes_text(const EvaluationResult& result);

}  // namespace microtome
