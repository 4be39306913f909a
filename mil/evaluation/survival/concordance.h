// SPDX-License-Identifier: Apache-2.0
// How often the patient with the higher risk has the event first: Harrell's c (Harrell 1982) and Uno's c (Uno 2011).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "mil/evaluation/survival/follow_up.h"
#include "mil/evaluation/survival/kaplan_meier.h"

namespace microtome {

/// Risks that lie this near count as equal.
inline constexpr double kTiedRisk = 1e-8;

/// Pairs that can be compared: the one has the event before the other's time, or at the same time at which the other is censored. Two
/// events at one time cannot be compared.
struct PairCounts {
  std::int64_t concordant = 0;  // who had the event first has the higher risk
  std::int64_t discordant = 0;
  std::int64_t tied_risk = 0;
  std::int64_t tied_time = 0;  // of all these, pairs with equal times
};

/// (concordant + tied_risk / 2) / all. nullopt: no pair can be compared.
std::optional<double> harrell_c(const PairCounts& pairs);

/// Either is nullopt where it has no value.
struct ConcordanceIndices {
  std::optional<double> harrell, uno;
};

/// Patients sorted once by time and by risk, so that every weighting is counted in O(N log N) with a tree of running counts (Fenwick 1994)
/// and without sorting again.
class RankedRisks {
 public:
  /// One risk a patient, higher is worse, finite. O(N log N).
  RankedRisks(std::span<const double> risk, const FollowUp& follow_up);
  PairCounts count(RowWeights weight = {}) const;
  /// Harrell's pairs whose event lies before `tau`, each weighted by the inverse square of the censoring curve just before its event.
  /// nullopt: no such pair, or the curve is 0 there: nobody it comes from was followed that long.
  std::optional<double> uno_c(const CensoringCurve& censoring, double tau, RowWeights weight = {}) const;
  /// Both, in the time that one takes.
  ConcordanceIndices indices(const CensoringCurve& censoring, double tau, RowWeights weight = {}) const;

 private:
  struct Row {
    std::size_t row;
    double months;
    bool event;
    std::size_t rank;                // of its risk among the distinct ones
    std::size_t tied_from, tied_to;  // ranks [from, to) count as equal
  };
  template <class Visit>
  void visit_events(RowWeights weight, Visit visit) const;
  std::vector<Row> rows_;  // time descending
  std::size_t ranks_ = 0;
};

}  // namespace microtome
