// SPDX-License-Identifier: Apache-2.0
// Intervals by resampling patients (Efron and Tibshirani 1993): all rows of a drawn patient come along, and each stratum keeps its size.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <span>
#include <vector>

#include "mil/evaluation/intervals.h"
#include "mil/evaluation/judged.h"

namespace microtome {

struct BootstrapSettings {
  int resamples = 2000;
  std::uint64_t seed = 0;
  double level = 0.95;
};

/// Uniform in 0 .. bound-1 by rejection: the standard's distributions may differ between libraries, the engine may not.
std::uint64_t draw_below(std::mt19937_64& engine, std::uint64_t bound);

/// Quantile of sorted values, interpolated on the normal scale (Davison and Hinkley 1997, 5.8; as R's boot::boot.ci).
double normal_interpolated(std::span<const double> sorted, double probability);

/// `replicates` in any order, not empty. Percentile limits.
Interval percentile_interval(std::vector<double> replicates, double level);
/// Bias-corrected and accelerated limits (Efron 1987). `left_out`: the statistic without one unit each, for the acceleration
/// sum(d^3) / (6 sum(d^2)^1.5), d = mean - value. Falls back to percentile where the correction is infinite or the acceleration leaves no
/// limit, and `method` says so.
Interval bca_interval(double value, std::vector<double> replicates, std::span<const double> left_out, double level);

/// Values of K statistics on the weighted rows; nullopt where one does not exist. Called with every resample.
using Statistics = std::function<std::vector<std::optional<double>>(RowWeights weight)>;

struct Resampled {
  std::vector<Interval> intervals;  // K
  std::vector<int> skipped;         // K: resamples in which the statistic did not exist, left out of its interval
};

/// What is drawn: patients, each within its stratum, with all of their rows.
struct PatientRows {
  std::vector<int> patient;  // (rows) 0 .. patients-1
  std::vector<int> stratum;  // (patients) 0 .. strata-1
};

/// BCa intervals of K statistics from the same resamples. The same input and seed give the same result everywhere. The acceleration leaves
/// out one patient at a time, or, of more than 2000 patients, one of 2000 groups. Cost: (resamples + at most 2000) calls.
Resampled bootstrap(const PatientRows& rows, const Statistics& statistics, const BootstrapSettings& settings);
/// Strata: patient's class within its fold.
Resampled bootstrap(const Judged& judged, const Statistics& statistics, const BootstrapSettings& settings);

}  // namespace microtome
