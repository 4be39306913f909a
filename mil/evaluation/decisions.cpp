// SPDX-License-Identifier: Apache-2.0
#include "mil/evaluation/decisions.h"

#include <algorithm>
#include <cmath>

namespace microtome {
namespace {

std::optional<double> share(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? std::nullopt : std::optional(static_cast<double>(part) / static_cast<double>(whole));
}

template <class Value>
std::optional<double> mean_over_classes(const Confusion& c, Value value) {
  double sum = 0;
  int present = 0;
  for (int k = 0; k < c.classes(); ++k)
    if (const std::optional<double> v = value(k)) {
      sum += *v;
      ++present;
    }
  return present == 0 ? std::nullopt : std::optional(sum / present);
}

void decide_at(Judged& judged, std::size_t row, double threshold) {
  judged.decision[row] = judged.probability_of(row, judged.positive) >= threshold ? judged.positive : 1 - judged.positive;
}

DecisionRule decide_everywhere(Judged& judged, double threshold, std::string source) {
  for (std::size_t r = 0; r < judged.rows(); ++r) decide_at(judged, r, threshold);
  return {std::move(source), {}, {threshold}};
}

DecisionRule decide_by_folds(Judged& judged) {
  DecisionRule rule;
  rule.source = "Youden's J on the rows of the other folds";
  const RankedScores ranked(judged.column(judged.positive), judged.is_class(judged.positive));
  for (const int fold : judged.fold_numbers()) {
    std::vector<int> others(judged.rows());
    for (std::size_t r = 0; r < judged.rows(); ++r) others[r] = judged.fold[r] != fold;
    const auto chosen = youden_threshold(ranked.count(others));
    if (!chosen) rule.source = "Youden's J on the rows of the other folds; 0.5 where those have one class only";
    rule.folds.push_back(fold);
    rule.thresholds.push_back(chosen.value_or(0.5));
    for (const std::size_t r : judged.rows_of_fold(fold)) decide_at(judged, r, rule.thresholds.back());
  }
  return rule;
}

}  // namespace

Confusion::Confusion(const Judged& judged, RowWeights weight)
    : classes_(static_cast<int>(judged.classes.size())), counts_(judged.classes.size() * judged.classes.size(), 0) {
  for (std::size_t r = 0; r < judged.rows(); ++r)
    counts_[static_cast<std::size_t>(judged.label[r] * classes_ + judged.decision[r])] += weight.empty() ? 1 : weight[r];
}

std::int64_t Confusion::of_label(int label) const {
  std::int64_t sum = 0;
  for (int d = 0; d < classes_; ++d) sum += at(label, d);
  return sum;
}

std::int64_t Confusion::decided(int decision) const {
  std::int64_t sum = 0;
  for (int l = 0; l < classes_; ++l) sum += at(l, decision);
  return sum;
}

std::int64_t Confusion::right() const {
  std::int64_t sum = 0;
  for (int k = 0; k < classes_; ++k) sum += at(k, k);
  return sum;
}

std::int64_t Confusion::total() const {
  std::int64_t sum = 0;
  for (const std::int64_t n : counts_) sum += n;
  return sum;
}

std::optional<double> accuracy(const Confusion& c) { return share(c.right(), c.total()); }

std::optional<double> recall(const Confusion& c, int of_class) { return share(c.at(of_class, of_class), c.of_label(of_class)); }

std::optional<double> specificity(const Confusion& c, int of_class) {
  const std::int64_t others = c.total() - c.of_label(of_class);
  return share(others - (c.decided(of_class) - c.at(of_class, of_class)), others);
}

std::optional<double> precision(const Confusion& c, int of_class) { return share(c.at(of_class, of_class), c.decided(of_class)); }

std::optional<double> negative_predictive_value(const Confusion& c, int of_class) {
  const std::int64_t not_called = c.total() - c.decided(of_class);
  return share(not_called - (c.of_label(of_class) - c.at(of_class, of_class)), not_called);
}

std::optional<double> f1(const Confusion& c, int of_class) {
  return share(2 * c.at(of_class, of_class), c.of_label(of_class) + c.decided(of_class));
}

std::optional<double> balanced_accuracy(const Confusion& c) {
  return mean_over_classes(c, [&](int k) { return recall(c, k); });
}

std::optional<double> macro_specificity(const Confusion& c) {
  return mean_over_classes(c, [&](int k) { return c.of_label(k) == 0 ? std::nullopt : specificity(c, k); });
}

std::optional<double> macro_f1(const Confusion& c) {
  return mean_over_classes(c, [&](int k) { return f1(c, k); });
}

std::optional<double> matthews(const Confusion& c) {
  const auto n = static_cast<double>(c.total());
  double both = 0, labels = 0, decisions = 0;
  for (int k = 0; k < c.classes(); ++k) {
    const auto t = static_cast<double>(c.of_label(k)), p = static_cast<double>(c.decided(k));
    both += t * p;
    labels += t * t;
    decisions += p * p;
  }
  const double spread = (n * n - labels) * (n * n - decisions);
  if (!(spread > 0)) return std::nullopt;
  return (static_cast<double>(c.right()) * n - both) / std::sqrt(spread);
}

std::optional<double> quadratic_kappa(const Confusion& c) {
  double seen = 0, by_chance = 0;
  for (int l = 0; l < c.classes(); ++l)
    for (int d = 0; d < c.classes(); ++d) {
      const double weight = (l - d) * (l - d);
      seen += weight * static_cast<double>(c.at(l, d));
      by_chance += weight * static_cast<double>(c.of_label(l)) * static_cast<double>(c.decided(d));
    }
  if (!(by_chance > 0)) return std::nullopt;
  return 1 - seen * static_cast<double>(c.total()) / by_chance;
}

std::optional<double> youden_threshold(std::span<const ScoreCount> counts) {
  const auto curve = roc_curve(counts);
  if (curve.empty()) return std::nullopt;
  std::size_t best = 1;
  double best_j = -1;
  for (std::size_t i = 1; i < curve.size(); ++i) {
    const double j = curve[i].true_positive_rate - curve[i].false_positive_rate;
    if (j > best_j + 1e-12) best = i;  // rates are quotients: equal ones may differ in their last bit
    if (j > best_j + 1e-12) best_j = j;
  }
  if (best + 1 == curve.size()) return curve[best].threshold;
  return (curve[best].threshold + curve[best + 1].threshold) / 2;
}

DecisionRule decide(Judged& judged, std::optional<double> given) {
  judged.decision.assign(judged.rows(), 0);
  if (!judged.binary()) {
    for (std::size_t r = 0; r < judged.rows(); ++r) judged.decision[r] = judged.argmax(r);
    return {"the most probable class", {}, {}};
  }
  if (given) return decide_everywhere(judged, *given, "given");
  if (judged.fold_numbers().size() >= 2) return decide_by_folds(judged);
  return decide_everywhere(judged, 0.5, "0.5: neither a threshold nor several folds to choose it from were given");
}

}  // namespace microtome
