// SPDX-License-Identifier: Apache-2.0
#include "mil/evaluation/roc.h"

#include <algorithm>

namespace microtome {
namespace {

struct Totals {
  std::int64_t positives = 0, negatives = 0;
  bool both() const { return positives > 0 && negatives > 0; }
};

Totals totals(std::span<const ScoreCount> counts) {
  Totals out;
  for (const ScoreCount& c : counts) {
    out.positives += c.positives;
    out.negatives += c.negatives;
  }
  return out;
}

template <class Value>
std::optional<double> mean_over_classes(int classes, Value value) {
  double sum = 0;
  int present = 0;
  for (int c = 0; c < classes; ++c) {
    const std::optional<double> v = value(c);
    if (!v) continue;
    sum += *v;
    ++present;
  }
  return present == 0 ? std::nullopt : std::optional(sum / present);
}

}  // namespace

RankedScores::RankedScores(std::span<const double> score, std::span<const char> positive) {
  rows_.reserve(score.size());
  for (std::size_t r = 0; r < score.size(); ++r) rows_.push_back({r, score[r], positive[r] != 0});
  std::stable_sort(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) { return a.score > b.score; });
}

std::vector<ScoreCount> RankedScores::count(RowWeights weight) const {
  std::vector<ScoreCount> out;
  for (const Row& row : rows_) {
    const int times = weight.empty() ? 1 : weight[row.row];
    if (times == 0) continue;
    if (out.empty() || out.back().score != row.score) out.push_back({row.score, 0, 0});
    (row.positive ? out.back().positives : out.back().negatives) += times;
  }
  return out;
}

std::optional<double> auc(std::span<const ScoreCount> counts) {
  const Totals all = totals(counts);
  if (!all.both()) return std::nullopt;
  double twice = 0;  // halves are whole numbers when doubled: exact to 2^53 pairs
  std::int64_t above = 0;
  for (const ScoreCount& c : counts) {
    twice += static_cast<double>(c.negatives) * static_cast<double>(2 * above + c.positives);
    above += c.positives;
  }
  return twice / (2 * static_cast<double>(all.positives) * static_cast<double>(all.negatives));
}

std::optional<double> average_precision(std::span<const ScoreCount> counts) {
  const Totals all = totals(counts);
  if (!all.both()) return std::nullopt;
  double sum = 0;
  std::int64_t positives = 0, called = 0;
  for (const ScoreCount& c : counts) {
    positives += c.positives;
    called += c.positives + c.negatives;
    sum += static_cast<double>(c.positives) * static_cast<double>(positives) / static_cast<double>(called);
  }
  return sum / static_cast<double>(all.positives);
}

std::vector<RocPoint> roc_curve(std::span<const ScoreCount> counts) {
  const Totals all = totals(counts);
  if (!all.both()) return {};
  std::vector<RocPoint> out(1);
  Totals above;
  for (const ScoreCount& c : counts) {
    above.positives += c.positives;
    above.negatives += c.negatives;
    out.push_back({c.score, static_cast<double>(above.negatives) / static_cast<double>(all.negatives),
                   static_cast<double>(above.positives) / static_cast<double>(all.positives)});
  }
  return out;
}

std::vector<PrecisionRecallPoint> precision_recall_curve(std::span<const ScoreCount> counts) {
  const Totals all = totals(counts);
  if (!all.both()) return {};
  std::vector<PrecisionRecallPoint> out;
  Totals above;
  for (const ScoreCount& c : counts) {
    above.positives += c.positives;
    above.negatives += c.negatives;
    out.push_back({c.score, static_cast<double>(above.positives) / static_cast<double>(all.positives),
                   static_cast<double>(above.positives) / static_cast<double>(above.positives + above.negatives)});
  }
  return out;
}

ClassRanks::ClassRanks(const Judged& judged) : label_(judged.label) {
  for (int c = 0; c < static_cast<int>(judged.classes.size()); ++c) ranks_.emplace_back(judged.column(c), judged.is_class(c));
}

std::vector<ScoreCount> ClassRanks::against_rest(int of_class, RowWeights weight) const {
  return ranks_[static_cast<std::size_t>(of_class)].count(weight);
}

std::optional<double> ClassRanks::macro_auc(RowWeights weight) const {
  return mean_over_classes(static_cast<int>(ranks_.size()), [&](int c) { return auc(against_rest(c, weight)); });
}

std::optional<double> ClassRanks::macro_average_precision(RowWeights weight) const {
  return mean_over_classes(static_cast<int>(ranks_.size()), [&](int c) { return average_precision(against_rest(c, weight)); });
}

std::optional<double> ClassRanks::within_pair(int one, int other, RowWeights weight) const {
  std::vector<int> of_pair(label_.size(), 0);
  for (std::size_t r = 0; r < label_.size(); ++r)
    if (label_[r] == one || label_[r] == other) of_pair[r] = weight.empty() ? 1 : weight[r];
  const auto a = auc(against_rest(one, of_pair)), b = auc(against_rest(other, of_pair));
  return a && b ? std::optional((*a + *b) / 2) : std::nullopt;
}

std::optional<double> ClassRanks::hand_till(RowWeights weight) const {
  double sum = 0;
  int pairs = 0;
  for (int one = 0; one < static_cast<int>(ranks_.size()); ++one)
    for (int other = one + 1; other < static_cast<int>(ranks_.size()); ++other)
      if (const auto area = within_pair(one, other, weight)) {
        sum += *area;
        ++pairs;
      }
  return pairs == 0 ? std::nullopt : std::optional(sum / pairs);
}

}  // namespace microtome
