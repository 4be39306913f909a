// SPDX-License-Identifier: Apache-2.0
#include "mil/evaluation/survival/log_rank.h"

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>

#include "mil/evaluation/survival/cholesky.h"

namespace microtome {
namespace {

/// Observed minus expected and its covariance over all groups.
struct Tally {
  explicit Tally(std::size_t groups) : expected(groups, 0), covariance(groups * groups, 0) {}

  void add(const std::vector<double>& at_risk, double events) {
    double n = 0;
    for (const double of_group : at_risk) n += of_group;
    const std::size_t groups = at_risk.size();
    for (std::size_t a = 0; a < groups; ++a) expected[a] += events * at_risk[a] / n;
    if (n < 2) return;
    const double scale = events * (n - events) / (n - 1);
    for (std::size_t a = 0; a < groups; ++a)
      for (std::size_t b = 0; b < groups; ++b) covariance[a * groups + b] += scale * at_risk[a] / n * ((a == b ? 1 : 0) - at_risk[b] / n);
  }

  std::vector<double> expected, covariance;
};

Tally tally(const FollowUp& follow_up, const std::vector<int>& group, std::size_t groups) {
  std::vector<std::size_t> order(follow_up.size());
  for (std::size_t r = 0; r < order.size(); ++r) order[r] = r;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return follow_up.months[a] > follow_up.months[b]; });
  Tally out(groups);
  std::vector<double> at_risk(groups, 0);
  for (std::size_t from = 0, to = 0; from < order.size(); from = to) {
    double events = 0;
    for (to = from; to < order.size() && follow_up.months[order[to]] == follow_up.months[order[from]]; ++to) {
      at_risk[static_cast<std::size_t>(group[order[to]])] += 1;
      events += follow_up.event[order[to]];
    }
    if (events > 0) out.add(at_risk, events);
  }
  return out;
}

/// Groups followed to an event of anybody, but for the last of them: the differences of all sum to zero.
std::vector<std::size_t> free_groups(const std::vector<LogRankGroup>& groups) {
  std::vector<std::size_t> out;
  for (std::size_t g = 0; g < groups.size(); ++g)
    if (groups[g].expected > 0) out.push_back(g);
  if (!out.empty()) out.pop_back();
  return out;
}

void test(LogRank& out, const Tally& sums) {
  const std::vector<std::size_t> kept = free_groups(out.groups);
  if (kept.empty()) {
    out.reason = "fewer than two groups with patients who were still followed when an event came";
    return;
  }
  std::vector<double> difference, covariance;
  for (const std::size_t a : kept) {
    difference.push_back(static_cast<double>(out.groups[a].events) - sums.expected[a]);
    for (const std::size_t b : kept) covariance.push_back(sums.covariance[a * out.groups.size() + b]);
  }
  const Cholesky factors(covariance, kept.size());
  if (factors.dependent_row()) {
    out.reason = "the groups were hardly ever followed at the same time";
    return;
  }
  const std::vector<double> solved = factors.solve(difference);
  double chi_square = 0;
  for (std::size_t i = 0; i < kept.size(); ++i) chi_square += difference[i] * solved[i];
  out.chi_square = chi_square;
  out.degrees = static_cast<int>(kept.size());
  out.p = boost::math::cdf(boost::math::complement(boost::math::chi_squared(out.degrees), std::max(0.0, chi_square)));
}

}  // namespace

LogRank log_rank(const FollowUp& follow_up, const std::vector<int>& group, int groups) {
  LogRank out;
  out.groups.resize(static_cast<std::size_t>(groups));
  for (std::size_t r = 0; r < follow_up.size(); ++r) {
    LogRankGroup& own = out.groups[static_cast<std::size_t>(group[r])];
    own.n += 1;
    own.events += follow_up.event[r];
  }
  const Tally sums = tally(follow_up, group, out.groups.size());
  for (std::size_t g = 0; g < out.groups.size(); ++g) out.groups[g].expected = sums.expected[g];
  test(out, sums);
  return out;
}

}  // namespace microtome
