// SPDX-License-Identifier: Apache-2.0
#include "pipeline/outputs/metric_text.h"

#include <fmt/format.h>

namespace microtome {

const Metric* find_metric(const std::vector<Metric>& metrics, const std::string& name) {
  for (const Metric& m : metrics)
    if (m.name == name) return &m;
  return nullptr;
}

std::string with_interval(const Metric& metric) {
  if (!metric.value) return "-";
  if (!metric.interval.low || !metric.interval.high) return fmt::format("{:.3f}", *metric.value);
  return fmt::format("{:.3f} ({:.2f} to {:.2f})", *metric.value, *metric.interval.low, *metric.interval.high);
}

std::string limits_text(const Metric& metric) {
  return metric.interval.low && metric.interval.high ? fmt::format("{:.3f} to {:.3f}", *metric.interval.low, *metric.interval.high) : "-";
}

std::string short_method(const std::string& method) { return method.substr(0, method.find(" bootstrap of patients")); }

std::string p_text(std::optional<double> p, const std::string& reason) {
  if (!p) return "no p: " + reason;
  return *p < 1e-4 ? "p < 0.0001" : fmt::format("p = {:.3g}", *p);
}

}  // namespace microtome
