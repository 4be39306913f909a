// SPDX-License-Identifier: Apache-2.0
#include "mil/evaluation/survival/auc_over_time.h"

#include <algorithm>

#include "mil/evaluation/survival/concordance.h"

namespace microtome {
namespace {

/// Sums the area group by group, the highest risks first.
class AreaSum {
 public:
  void add_case(double weight) { cases_ += weight; }
  void add_control(double weight) { controls_ += weight; }
  void close_group() {
    twice_ += controls_ * (2 * above_ + cases_);
    above_ += cases_;
    all_controls_ += controls_;
    cases_ = controls_ = 0;
  }
  std::optional<double> area() const {
    if (!(above_ > 0) || !(all_controls_ > 0)) return std::nullopt;
    return std::min(1.0, twice_ / (2 * above_ * all_controls_));  // in perfect order the sums round to a little more
  }

 private:
  double cases_ = 0, controls_ = 0, above_ = 0, all_controls_ = 0, twice_ = 0;
};

}  // namespace

RisksOverTime::RisksOverTime(std::span<const double> risk, const FollowUp& follow_up, std::vector<double> months)
    : months_(std::move(months)) {
  for (std::size_t r = 0; r < risk.size(); ++r) rows_.push_back({r, follow_up.months[r], follow_up.event[r] != 0, 0});
  std::stable_sort(rows_.begin(), rows_.end(), [&](const Row& a, const Row& b) { return risk[a.row] > risk[b.row]; });
  for (std::size_t i = 1; i < rows_.size(); ++i)
    rows_[i].group = rows_[i - 1].group + (risk[rows_[i - 1].row] - risk[rows_[i].row] > kTiedRisk ? 1 : 0);
}

std::vector<std::optional<double>> RisksOverTime::areas(const CensoringCurve& censoring, RowWeights weight) const {
  std::vector<double> of_case(rows_.size(), 0), times(rows_.size(), 1);  // of_case: 0 marks a weight that does not exist
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (!weight.empty()) times[i] = weight[rows_[i].row];
    const double share = rows_[i].event && times[i] > 0 ? censoring.at(rows_[i].months) : 0;
    if (share > 0) of_case[i] = times[i] / share;
  }
  std::vector<std::optional<double>> out;
  for (const double t : months_) {
    AreaSum sum;
    bool known = true;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (i > 0 && rows_[i].group != rows_[i - 1].group) sum.close_group();
      if (rows_[i].months > t) {
        sum.add_control(times[i]);
      } else if (rows_[i].event && times[i] > 0) {
        sum.add_case(of_case[i]);
        known = known && of_case[i] > 0;
      }
    }
    sum.close_group();
    out.push_back(known ? sum.area() : std::nullopt);
  }
  return out;
}

std::optional<double> mean_area(std::span<const double> months, std::span<const std::optional<double>> areas,
                                std::span<const SurvivalStep> curve) {
  double sum = 0, before = 1;
  for (std::size_t k = 0; k < months.size(); ++k) {
    if (!areas[k]) return std::nullopt;
    const double here = survival_at(curve, months[k]);
    sum += *areas[k] * (before - here);
    before = here;
  }
  return before < 1 ? std::optional(std::min(1.0, sum / (1 - before))) : std::nullopt;
}

}  // namespace microtome
