// SPDX-License-Identifier: Apache-2.0
// Metrics in a reader's words.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mil/evaluation/intervals.h"

namespace microtome {

/// nullptr: there is no such metric.
const Metric* find_metric(const std::vector<Metric>& metrics, const std::string& name);
/// "0.912", and "0.912 (0.87 to 0.95)" with its limits; "-" without a value.
std::string with_interval(const Metric& metric);
/// "0.870 to 0.950"; "-" without.
std::string limits_text(const Metric& metric);
/// What the limits come from, without "bootstrap of patients", which a note above the table says.
std::string short_method(const std::string& method);
/// "p = 0.0123", or "no p: reason".
std::string p_text(std::optional<double> p, const std::string& reason);

}  // namespace microtome
