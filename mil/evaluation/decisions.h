// SPDX-License-Identifier: Apache-2.0
// Decisions and how often they are right.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mil/evaluation/judged.h"
#include "mil/evaluation/roc.h"

namespace microtome {

/// (C, C) counts: row the label, column the decision.
class Confusion {
 public:
  Confusion(const Judged& judged, RowWeights weight = {});
  Confusion(int classes, std::vector<std::int64_t> counts) : classes_(classes), counts_(std::move(counts)) {}
  int classes() const { return classes_; }
  std::int64_t at(int label, int decision) const { return counts_[static_cast<std::size_t>(label * classes_ + decision)]; }
  std::int64_t of_label(int label) const;
  std::int64_t decided(int decision) const;
  std::int64_t right() const;
  std::int64_t total() const;

 private:
  int classes_;
  std::vector<std::int64_t> counts_;
};

// nullopt: the denominator is 0.

std::optional<double> accuracy(const Confusion& c);
/// Mean recall of the classes that have rows.
std::optional<double> balanced_accuracy(const Confusion& c);
std::optional<double> recall(const Confusion& c, int of_class);       // sensitivity, when of_class is the positive one
std::optional<double> specificity(const Confusion& c, int of_class);  // share of the other classes' rows not called of_class
std::optional<double> precision(const Confusion& c, int of_class);    // PPV
std::optional<double> negative_predictive_value(const Confusion& c, int of_class);
std::optional<double> f1(const Confusion& c, int of_class);
/// Unweighted means over the classes that have rows (specificity, recall), or rows or decisions (F1).
std::optional<double> macro_specificity(const Confusion& c);
std::optional<double> macro_f1(const Confusion& c);
/// Matthews' correlation, of C classes (Gorodkin 2004).
std::optional<double> matthews(const Confusion& c);
/// Cohen's kappa with quadratic weights: the order of the classes counts, as with grades. With two classes it is the plain kappa.
std::optional<double> quadratic_kappa(const Confusion& c);

/// The threshold with the largest sensitivity + specificity - 1 (Youden 1950), half way to the next lower score; the higher of equal
/// ones. nullopt: one class only. Counts have scores descending.
std::optional<double> youden_threshold(std::span<const ScoreCount> counts);

/// How the decisions of a set came about.
struct DecisionRule {
  std::string source;              // a sentence
  std::vector<int> folds;          // sorted; empty: one rule for all rows
  std::vector<double> thresholds;  // one, or one a fold; empty: the most probable class
};

/// Fills judged.decision. Several classes: the most probable. Two classes: positive at or above `given`; without it, with folds, at or
/// above Youden's threshold of the other folds' rows, since a threshold must not come from the rows that it judges; else 0.5.
DecisionRule decide(Judged& judged, std::optional<double> given);

}  // namespace microtome
