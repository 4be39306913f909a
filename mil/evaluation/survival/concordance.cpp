// SPDX-License-Identifier: Apache-2.0
#include "mil/evaluation/survival/concordance.h"

#include <algorithm>

namespace microtome {
namespace {

/// Counts by rank; adds and sums in O(log ranks).
class RankTree {
 public:
  explicit RankTree(std::size_t ranks) : sums_(ranks + 1, 0) {}
  void add(std::size_t rank, std::int64_t times) {
    for (std::size_t i = rank + 1; i < sums_.size(); i += i & (~i + 1)) sums_[i] += times;
    total_ += times;
  }
  std::int64_t below(std::size_t rank) const {
    std::int64_t sum = 0;
    for (std::size_t i = rank; i > 0; i &= i - 1) sum += sums_[i];
    return sum;
  }
  std::int64_t total() const { return total_; }

 private:
  std::vector<std::int64_t> sums_;
  std::int64_t total_ = 0;
};

/// Of one event: patients it can be compared with, by their risk.
struct EventPairs {
  std::int64_t lower = 0, tied = 0, higher = 0;
};

EventPairs pairs_in(const RankTree& tree, std::size_t tied_from, std::size_t tied_to) {
  const std::int64_t lower = tree.below(tied_from), upto = tree.below(tied_to);
  return {lower, upto - lower, tree.total() - upto};
}

void add(PairCounts& counts, int times, const EventPairs& pairs, std::int64_t censored) {
  counts.concordant += times * pairs.lower;
  counts.discordant += times * pairs.higher;
  counts.tied_risk += times * pairs.tied;
  counts.tied_time += times * censored;
}

int times_of(RowWeights weight, std::size_t row) { return weight.empty() ? 1 : weight[row]; }

std::vector<double> distinct(std::span<const double> risk) {
  std::vector<double> out(risk.begin(), risk.end());
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace

std::optional<double> harrell_c(const PairCounts& pairs) {
  const auto all = static_cast<double>(pairs.concordant + pairs.discordant + pairs.tied_risk);
  if (all == 0) return std::nullopt;
  return (static_cast<double>(pairs.concordant) + static_cast<double>(pairs.tied_risk) / 2) / all;
}

RankedRisks::RankedRisks(std::span<const double> risk, const FollowUp& follow_up) {
  const std::vector<double> levels = distinct(risk);
  ranks_ = levels.size();
  rows_.reserve(risk.size());
  for (std::size_t r = 0; r < risk.size(); ++r) {
    const double own = risk[r];
    const auto at = std::lower_bound(levels.begin(), levels.end(), own);
    const auto from = std::partition_point(levels.begin(), at, [&](double other) { return own - other > kTiedRisk; });
    const auto to = std::partition_point(at, levels.end(), [&](double other) { return other - own <= kTiedRisk; });
    rows_.push_back({r, follow_up.months[r], follow_up.event[r] != 0, static_cast<std::size_t>(at - levels.begin()),
                     static_cast<std::size_t>(from - levels.begin()), static_cast<std::size_t>(to - levels.begin())});
  }
  std::stable_sort(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) { return a.months > b.months; });
}

/// Calls visit(row, times, its pairs, of them censored at the same time) for every event, from the last to the first.
template <class Visit>
void RankedRisks::visit_events(RowWeights weight, Visit visit) const {
  RankTree later(ranks_);
  for (std::size_t from = 0, to = 0; from < rows_.size(); from = to) {
    std::int64_t censored = 0;
    for (to = from; to < rows_.size() && rows_[to].months == rows_[from].months; ++to) {
      const int times = rows_[to].event ? 0 : times_of(weight, rows_[to].row);
      if (times > 0) later.add(rows_[to].rank, times);
      censored += times;
    }
    for (std::size_t i = from; i < to; ++i)
      if (const int times = times_of(weight, rows_[i].row); rows_[i].event && times > 0)
        visit(rows_[i], times, pairs_in(later, rows_[i].tied_from, rows_[i].tied_to), censored);
    for (std::size_t i = from; i < to; ++i)
      if (const int times = times_of(weight, rows_[i].row); rows_[i].event && times > 0) later.add(rows_[i].rank, times);
  }
}

PairCounts RankedRisks::count(RowWeights weight) const {
  PairCounts out;
  visit_events(weight, [&](const Row&, int times, const EventPairs& pairs, std::int64_t censored) { add(out, times, pairs, censored); });
  return out;
}

std::optional<double> RankedRisks::uno_c(const CensoringCurve& censoring, double tau, RowWeights weight) const {
  return indices(censoring, tau, weight).uno;
}

ConcordanceIndices RankedRisks::indices(const CensoringCurve& censoring, double tau, RowWeights weight) const {
  PairCounts counts;
  double right = 0, all = 0;
  bool known = true;
  visit_events(weight, [&](const Row& row, int times, const EventPairs& pairs, std::int64_t censored) {
    add(counts, times, pairs, censored);
    if (!(row.months < tau) || pairs.lower + pairs.tied + pairs.higher == 0) return;
    const double share = censoring.before(row.months);
    known = known && share > 0;
    if (!known) return;
    const double each = times / (share * share);
    right += each * (static_cast<double>(pairs.lower) + static_cast<double>(pairs.tied) / 2);
    all += each * static_cast<double>(pairs.lower + pairs.tied + pairs.higher);
  });
  return {harrell_c(counts), known && all > 0 ? std::optional(right / all) : std::nullopt};
}

}  // namespace microtome
