// SPDX-License-Identifier: Apache-2.0
// How long patients were followed and how it ended, and the counts that every survival statistic starts from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "mil/evaluation/judged.h"

namespace microtome {

/// N patients. Months are above 0 and finite; event is 1 (seen to happen) or 0 (censored: not seen by then).
struct FollowUp {
  std::vector<double> months;
  std::vector<char> event;

  std::size_t size() const { return months.size(); }
  std::int64_t events() const;
  std::vector<double> event_months() const;  // ascending
  FollowUp select(const std::vector<std::size_t>& rows) const;
};

/// What happened at one time. Of patients who share it, events come before censorings: a patient censored at t was at risk at t.
struct TimeCount {
  double months = 0;
  std::int64_t at_risk = 0;  // followed to this time or longer
  std::int64_t events = 0;
  std::int64_t censored = 0;
};

/// Patients sorted once by time, so that every weighting of them is counted in one pass.
class TimeTable {
 public:
  explicit TimeTable(const FollowUp& follow_up);  // O(N log N)
  /// One entry a distinct time, ascending; times whose patients all weigh 0 are left out. O(N).
  std::vector<TimeCount> count(RowWeights weight = {}) const;

 private:
  struct Row {
    std::size_t row;
    double months;
    bool event;
  };
  std::vector<Row> rows_;
};

/// Patients followed to `months` or longer. Counts ascending.
std::int64_t at_risk(std::span<const TimeCount> counts, double months);

/// Value below which a share lies, interpolated (type 7, as numpy and R); `sorted` is not empty.
double quantile_of(std::span<const double> sorted, double share);

}  // namespace microtome
