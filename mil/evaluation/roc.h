// SPDX-License-Identifier: Apache-2.0
// How well scores order two classes: ROC, area under it, average precision; for several classes the usual averages.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "mil/evaluation/judged.h"

namespace microtome {

/// Rows that share a score.
struct ScoreCount {
  double score = 0;
  std::int64_t positives = 0;
  std::int64_t negatives = 0;
};

/// Scores of two classes, sorted once so that every weighting of the rows is counted in one pass without sorting again.
class RankedScores {
 public:
  /// One score and one flag (0 or 1) a row. O(N log N).
  RankedScores(std::span<const double> score, std::span<const char> positive);
  /// One entry a distinct score, descending; scores whose rows all weigh 0 are left out. O(N).
  std::vector<ScoreCount> count(RowWeights weight = {}) const;

 private:
  struct Row {
    std::size_t row;
    double score;
    bool positive;
  };
  std::vector<Row> rows_;  // score descending
};

/// A score at or above `threshold` counts as positive.
struct RocPoint {
  double threshold = std::numeric_limits<double>::infinity();
  double false_positive_rate = 0;
  double true_positive_rate = 0;
};
struct PrecisionRecallPoint {
  double threshold = 0;
  double recall = 0;
  double precision = 1;
};

// All take counts with scores descending. nullopt, or an empty curve: one of the two classes is absent.

/// Mann-Whitney's share of (positive, negative) pairs in the right order, equal scores counting one half. Exact up to one division.
std::optional<double> auc(std::span<const ScoreCount> counts);

/// Sum over thresholds of (recall step) x precision, not the trapezoid, which is too hopeful (Davis and Goadrich 2006).
std::optional<double> average_precision(std::span<const ScoreCount> counts);

/// From (0, 0) at an infinite threshold to (1, 1); one point a distinct score.
std::vector<RocPoint> roc_curve(std::span<const ScoreCount> counts);
std::vector<PrecisionRecallPoint> precision_recall_curve(std::span<const ScoreCount> counts);

/// The same of C classes: each class against the rest. A class without rows of its own (or without others) is left out of an average.
class ClassRanks {
 public:
  explicit ClassRanks(const Judged& judged);
  /// (C) counts of class c against the rest.
  std::vector<ScoreCount> against_rest(int of_class, RowWeights weight = {}) const;
  std::optional<double> macro_auc(RowWeights weight = {}) const;
  std::optional<double> macro_average_precision(RowWeights weight = {}) const;
  /// Mean over pairs of classes of the two areas within the pair (Hand and Till 2001, M). O(N C^2).
  std::optional<double> hand_till(RowWeights weight = {}) const;

 private:
  std::optional<double> within_pair(int one, int other, RowWeights weight) const;
  std::vector<RankedScores> ranks_;
  std::vector<int> label_;
};

}  // namespace microtome
