// SPDX-License-Identifier: Apache-2.0
// A number with its interval, and the normal distribution behind most of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace microtome {

/// Without limits where none can be given: `reason` says why.
struct Interval {
  std::optional<double> low, high;
  std::string method;
  std::string reason;
};

/// One line of a result. No NaN: a value that does not exist is nullopt and has a reason.
struct Metric {
  std::string name;
  std::optional<double> value;
  Interval interval;
  std::int64_t n = 0;                  // rows behind the value
  std::optional<std::int64_t> events;  // of them positive; two classes only
  std::string note;
};

double normal_quantile(double probability);  // probability in (0, 1)
double normal_probability(double z);         // of a value below z

struct Range {
  double low = 0, high = 1;
};
/// Of a share `hits` / `trials` (Wilson 1927); trials > 0.
Range wilson(double hits, double trials, double level = 0.95);

/// Two-sided exact McNemar test of two classifiers on the same independent rows: `only_one` rows that only the one gets right, `only_other`
/// the reverse. 1 when they never differ.
double mcnemar_p(std::int64_t only_one, std::int64_t only_other);

}  // namespace microtome
