// SPDX-License-Identifier: Apache-2.0
// Whether probabilities are what they say: of the rows that are given 0.8, are eight in ten positive?
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "mil/evaluation/judged.h"
#include "mil/evaluation/roc.h"

namespace microtome {

inline constexpr int kReliabilityBins = 15;

/// Probabilities that fall together.
struct ReliabilityBin {
  double from = 0, to = 0;  // (from, to]; the first takes 0 too
  std::int64_t n = 0;
  double mean_probability = 0;  // of the n
  double positive_share = 0;    // of the n
};

// Counts have scores descending, and scores are probabilities of being positive. nullopt: no rows.

/// Mean squared distance of probability and outcome (Brier 1950). Several classes: summed over classes, so 0..2.
std::optional<double> brier(std::span<const ScoreCount> counts);
std::optional<double> brier(const Judged& judged, RowWeights weight = {});

/// Bins of equal width; all of them, empty ones too.
std::vector<ReliabilityBin> reliability(std::span<const ScoreCount> counts, int bins = kReliabilityBins);
/// Bins of nearly equal numbers: rows of one probability stay together and go where their middle belongs.
std::vector<ReliabilityBin> reliability_equal_mass(std::span<const ScoreCount> counts, int bins = kReliabilityBins);
/// Expected calibration error: mean over rows of |mean probability - share of positives| of their bin (Naeini 2015, Guo 2017). Too high in
/// small sets, where shares scatter: below 500 rows compare sizes alike only.
std::optional<double> calibration_error(const std::vector<ReliabilityBin>& bins);

/// Confidence in the most probable class and whether that class is right: the same measures for several classes (Guo 2017).
RankedScores top_label(const Judged& judged);

/// Logistic recalibration (Cox 1958): outcome ~ sigmoid(a + slope * logit(p)). Slope below 1: probabilities are too extreme.
/// `in_the_large` is a with the slope held at 1: above 0 they are too low. Probabilities are kept within 1e-12 of 0 and 1.
struct Recalibration {
  double slope = 1;
  double intercept = 0;     // beside the slope
  double in_the_large = 0;  // with slope 1
};
/// By Newton's method. nullopt: one class only, all probabilities equal, or classes separated completely, where the slope is infinite.
std::optional<Recalibration> recalibrate(std::span<const ScoreCount> counts);

/// The temperature T that minimises the mean negative log likelihood of softmax(log p / T) (Guo 2017); above 1: probabilities are too
/// extreme. nullopt: no finite one (every row's label is its most probable class, or the labels go against the probabilities).
std::optional<double> temperature(const Judged& judged);

}  // namespace microtome
