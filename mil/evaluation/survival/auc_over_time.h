// SPDX-License-Identifier: Apache-2.0
// How well risks tell patients with an event by a time from those without one at that time: cumulative cases, dynamic controls (Uno 2007,
// Hung and Chiang 2010).
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "mil/evaluation/survival/follow_up.h"
#include "mil/evaluation/survival/kaplan_meier.h"

namespace microtome {

/// Patients sorted once by risk. At time t, cases are those with an event at or before t, each weighted by 1 / censoring.at(its time);
/// controls are those followed beyond t, unweighted. Equal risks (kTiedRisk) count one half.
class RisksOverTime {
 public:
  /// One risk a patient, higher is worse; months ascending.
  RisksOverTime(std::span<const double> risk, const FollowUp& follow_up, std::vector<double> months);
  const std::vector<double>& months() const { return months_; }
  /// One area a time; nullopt: no case, no control, or a case with a weight that does not exist. O(N T).
  std::vector<std::optional<double>> areas(const CensoringCurve& censoring, RowWeights weight = {}) const;

 private:
  struct Row {
    std::size_t row;
    double months;
    bool event;
    std::size_t group;  // of equal risks, the highest first
  };
  std::vector<double> months_;
  std::vector<Row> rows_;  // risk descending
};

/// Mean over times, each weighted by how much the patients' own Kaplan-Meier curve falls up to it from the time before (from 1 to the
/// first). nullopt: an area is missing, or the curve does not fall.
std::optional<double> mean_area(std::span<const double> months, std::span<const std::optional<double>> areas,
                                std::span<const SurvivalStep> curve);

}  // namespace microtome
