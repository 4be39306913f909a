// SPDX-License-Identifier: Apache-2.0
#include "pipeline/outputs/quantity_text.h"

#include <fmt/format.h>

#include <cmath>

#include "pipeline/outputs/metric_text.h"

namespace microtome {
namespace {

bool has_unit(const Metric& metric) {
  return metric.name == "mae" || metric.name == "rmse" || metric.name == "bias" || metric.name == "calibration_intercept";
}

}  // namespace

std::string quantity_text(double value) {
  const double size = std::abs(value);
  if (size >= 1000 && size < 1e9) return fmt::format("{:.0f}", value);
  if (size >= 1e-3 && size < 1000) return fmt::format("{:#.4g}", value);
  return fmt::format("{:.4g}", value);
}

std::string regression_value(const Metric& metric) {
  if (!metric.value) return "-";
  return has_unit(metric) ? quantity_text(*metric.value) : fmt::format("{:.3f}", *metric.value);
}

std::string regression_limits(const Metric& metric) {
  if (!has_unit(metric)) return limits_text(metric);
  if (!metric.interval.low || !metric.interval.high) return "-";
  return fmt::format("{} to {}", quantity_text(*metric.interval.low), quantity_text(*metric.interval.high));
}

std::string regression_with_interval(const Metric& metric) {
  if (!has_unit(metric)) return with_interval(metric);
  const std::string limits = regression_limits(metric);
  return limits == "-" ? regression_value(metric) : fmt::format("{} ({})", regression_value(metric), limits);
}

}  // namespace microtome
