// SPDX-License-Identifier: Apache-2.0
#include "mil/evaluation/survival/ladder.h"

#include <numeric>

#include "mil/evaluation/survival/concordance.h"
#include "mil/evaluation/survival/resampled_metrics.h"
#include "mil/evaluation/values.h"

namespace microtome {
namespace {

/// The patients among whom risks are compared: those of a fold, or all.
class Part {
 public:
  Part(const JudgedSurvival& judged, std::vector<std::size_t> rows, double tau)
      : rows_(std::move(rows)), tau_(tau), followed_(judged.follow_up.select(rows_)), table_(followed_) {
    const JudgedSurvival own = judged.select(rows_);
    ranks_.emplace_back(own.risk, followed_);
    for (const Rung& rung : own.ladder) ranks_.emplace_back(rung.risk, followed_);
  }

  void take_censoring_of(const FollowUp& others) { others_.emplace(TimeTable(others).count()); }

  /// Harrell's and Uno's c of each rung in turn.
  Values values(RowWeights weight) const {
    const std::vector<int> own = gathered(weight, rows_);
    const CensoringCurve censoring = others_ ? *others_ : CensoringCurve(table_.count(own));
    Values out;
    for (const RankedRisks& ranks : ranks_) {
      const ConcordanceIndices c = ranks.indices(censoring, tau_, own);
      out.insert(out.end(), {c.harrell, c.uno});
    }
    return out;
  }

 private:
  std::vector<std::size_t> rows_;
  double tau_;
  FollowUp followed_;
  TimeTable table_;
  std::vector<RankedRisks> ranks_;
  std::optional<CensoringCurve> others_;
};

std::vector<Part> parts_of(const JudgedSurvival& judged, double tau) {
  std::vector<Part> out;
  const std::vector<int> numbers = judged.fold_numbers();
  if (numbers.size() < 2) {
    std::vector<std::size_t> all(judged.rows());
    std::iota(all.begin(), all.end(), 0);
    out.emplace_back(judged, all, tau);
    return out;
  }
  for (const int number : numbers) {
    out.emplace_back(judged, judged.rows_of_fold(number), tau);
    out.back().take_censoring_of(judged.follow_up.select(judged.rows_of_fold(number, true)));
  }
  return out;
}

/// c_harrell and c_uno of each rung, then the model's c_harrell less that of each rung but itself.
Values with_differences(Values c) {
  const std::size_t indices = c.size();
  for (std::size_t k = 2; k < indices; k += 2) c.push_back(c[0] && c[k] ? std::optional(*c[0] - *c[k]) : std::nullopt);
  return c;
}

std::vector<std::string> names_of(std::size_t rungs) {
  std::vector<std::string> out;
  for (std::size_t k = 0; k < rungs; ++k) out.insert(out.end(), {"c_harrell", "c_uno"});
  out.insert(out.end(), rungs - 1, "c_harrell");
  return out;
}

}  // namespace

std::vector<JudgedRung> judge_ladder(const JudgedSurvival& judged, const SurvivalTimes& times, const BootstrapSettings& settings) {
  if (judged.ladder.empty()) return {};
  const std::vector<Part> parts = parts_of(judged, times.tau);
  auto statistics = [&](RowWeights weight) {
    std::vector<Values> of_parts;
    for (const Part& part : parts) of_parts.push_back(part.values(weight));
    return with_differences(mean_of(of_parts));
  };
  const std::size_t rungs = 1 + judged.ladder.size();
  const auto metrics = resampled_metrics(judged, names_of(rungs), statistics, settings);
  std::vector<JudgedRung> out;
  for (std::size_t k = 0; k < rungs; ++k) {
    out.push_back({k == 0 ? kTopRung : judged.ladder[k - 1].name, metrics[2 * k], metrics[2 * k + 1], {}});
    if (k > 0) out.back().fusion_minus = metrics[2 * rungs + k - 1];
  }
  return out;
}

const JudgedRung* best_rung(const std::vector<JudgedRung>& ladder) {
  const JudgedRung* out = nullptr;
  for (std::size_t k = 1; k < ladder.size(); ++k)
    if (ladder[k].c_harrell.value && (!out || *ladder[k].c_harrell.value > *out->c_harrell.value)) out = &ladder[k];
  return out;
}

}  // namespace microtome
