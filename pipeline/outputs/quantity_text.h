// SPDX-License-Identifier: Apache-2.0
// Measures of regression in a reader's words: some are in the unit of what is predicted, so that their size is not known beforehand.
#pragma once

#include <string>

#include "mil/evaluation/intervals.h"

namespace microtome {

/// Four digits, or all before the point, of a number of any size: "0.01230", "12.30", "12345", "1.235e+12".
std::string quantity_text(double value);

/// "0.912" of what has no unit, quantity_text of what has one (mae, rmse, bias, calibration_intercept); "-" without a value.
std::string regression_value(const Metric& metric);
/// "0.870 to 0.950", likewise; "-" without.
std::string regression_limits(const Metric& metric);
/// "12.34 (11.02 to 13.50)", likewise.
std::string regression_with_interval(const Metric& metric);

}  // namespace microtome
