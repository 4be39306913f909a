// SPDX-License-Identifier: Apache-2.0
// Simpler models beside a model: closed forms on a few patients, and the same numbers as the measures and comparisons of one model.
#include "mil/evaluation/survival/ladder.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <random>

namespace microtome {
namespace {

const BootstrapSettings kSettings{200, 3, 0.95};

double uniform(std::mt19937_64& engine) { return (static_cast<double>(engine() >> 11) + 0.5) / 9007199254740992.0; }

/// Exponential survival that depends on the risk, with so many rungs that see less and less of it.
JudgedSurvival cohort(std::size_t n, int rungs, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  JudgedSurvival out;
  for (int k = 0; k < rungs; ++k) out.ladder.push_back({"rung" + std::to_string(k), {}});
  for (std::size_t i = 0; i < n; ++i) {
    const double risk = 2 * uniform(engine) - 1, months = -30 * std::log(uniform(engine)) / std::exp(1.5 * risk),
                 end = 80 * uniform(engine);
    out.risk.push_back(risk);
    out.follow_up.months.push_back(std::max(0.1, std::min(months, end)));
    out.follow_up.event.push_back(months <= end);
    for (int k = 0; k < rungs; ++k) out.ladder[static_cast<std::size_t>(k)].risk.push_back(10 + risk + (k + 1) * uniform(engine));
  }
  split_risks(out, std::nullopt);
  return out;
}

SurvivalTimes times_of(const JudgedSurvival& judged) { return choose_times(judged, std::nullopt, std::nullopt); }

void expect_same(const Metric& got, const Metric& wanted) {
  EXPECT_EQ(got.name, wanted.name);
  EXPECT_EQ(got.value, wanted.value);
  EXPECT_EQ(got.interval.low, wanted.interval.low);
  EXPECT_EQ(got.interval.high, wanted.interval.high);
  EXPECT_EQ(got.interval.method, wanted.interval.method);
  EXPECT_EQ(got.n, wanted.n);
  EXPECT_EQ(got.events, wanted.events);
}

TEST(Ladder, WithoutRungsThereIsNone) {
  const JudgedSurvival judged = cohort(30, 0, 1);
  EXPECT_TRUE(judge_ladder(judged, times_of(judged), kSettings).empty());
}

TEST(Ladder, CountsPairsOfAFewPatients) {
  JudgedSurvival judged;
  judged.follow_up = {{1, 2, 3, 4}, {1, 1, 1, 0}};  // six pairs
  judged.risk = {4, 3, 2, 1};
  judged.ladder = {{"turned", {1, 2, 3, 4}}, {"one swapped", {3, 4, 2, 1}}, {"says one thing", {7, 7, 7, 7}}};
  const auto got = judge_ladder(judged, times_of(judged), kSettings);
  ASSERT_EQ(got.size(), 4U);
  EXPECT_EQ(got[0].name, "fusion");
  EXPECT_EQ(got[0].c_harrell.value, 1);
  EXPECT_FALSE(got[0].fusion_minus);
  EXPECT_EQ(got[1].c_harrell.value, 0);
  EXPECT_EQ(got[1].fusion_minus->value, 1);
  EXPECT_NEAR(*got[2].c_harrell.value, 5.0 / 6, 1e-15);
  EXPECT_NEAR(*got[2].fusion_minus->value, 1.0 / 6, 1e-15);
  EXPECT_EQ(got[3].c_harrell.value, 0.5);
  EXPECT_EQ(got[3].c_harrell.interval.reason, "every resample gives the same value");
  EXPECT_EQ(best_rung(got)->name, "one swapped");
}

TEST(Ladder, WithinFoldsRisksNeedNoCommonScale) {
  JudgedSurvival judged;
  judged.follow_up = {{1, 2, 3, 4, 5, 6}, {1, 1, 0, 1, 1, 0}};
  judged.fold = {0, 0, 0, 7, 7, 7};
  judged.risk = {3, 2, 1, 103, 102, 101};          // right in each fold, wrong across them
  judged.ladder = {{"half", {2, 3, 1, 3, 2, 1}}};  // fold 0: two of three pairs
  const auto got = judge_ladder(judged, times_of(judged), kSettings);
  EXPECT_EQ(got[0].c_harrell.value, 1);
  EXPECT_NEAR(*got[1].c_harrell.value, (2.0 / 3 + 1) / 2, 1e-15);
  EXPECT_NEAR(*got[1].fusion_minus->value, 1.0 / 6, 1e-15);
}

TEST(Ladder, TheModelHasTheIntervalsOfItsMeasures) {
  JudgedSurvival judged = cohort(120, 1, 2);
  const auto all = measure_survival(judged, times_of(judged), kSettings);
  auto top = judge_ladder(judged, times_of(judged), kSettings)[0];
  expect_same(top.c_harrell, all[0]);
  expect_same(top.c_uno, all[1]);
  for (std::size_t r = 0; r < judged.rows(); ++r) judged.fold.push_back(static_cast<int>(r % 3));
  const auto means = measure_survival_fold_means(judged, times_of(judged), kSettings);
  top = judge_ladder(judged, times_of(judged), kSettings)[0];
  expect_same(top.c_harrell, means[0]);
  expect_same(top.c_uno, means[1]);
}

TEST(Ladder, WithoutFoldsADifferenceIsThatOfAComparison) {
  const JudgedSurvival judged = cohort(150, 2, 3);
  const auto got = judge_ladder(judged, times_of(judged), kSettings);
  for (std::size_t k = 0; k < 2; ++k) {
    JudgedSurvival rung = judged;
    rung.risk = judged.ladder[k].risk;
    expect_same(*got[k + 1].fusion_minus, compare_survival(judged, rung, times_of(judged), kSettings).difference[0]);
    expect_same(got[k + 1].c_uno, measure_survival(rung, times_of(rung), kSettings)[1]);
  }
  EXPECT_GT(*got[2].fusion_minus->interval.low, 0) << "a rung that sees little";
}

TEST(Ladder, EqualRisksDifferByNothing) {
  JudgedSurvival judged = cohort(90, 0, 4);
  judged.ladder = {{"same", judged.risk}};
  for (std::size_t r = 0; r < judged.rows(); ++r) judged.fold.push_back(static_cast<int>(r % 4));
  const auto got = judge_ladder(judged, times_of(judged), kSettings);
  expect_same(got[1].c_harrell, got[0].c_harrell);
  EXPECT_EQ(got[1].fusion_minus->value, 0);
  EXPECT_FALSE(got[1].fusion_minus->interval.low);
  EXPECT_EQ(got[1].fusion_minus->interval.reason, "every resample gives the same value");
}

TEST(Ladder, WithoutAnEventNothingHasAValueAndNoRungIsBest) {
  JudgedSurvival judged = cohort(30, 2, 5);
  const SurvivalTimes times = times_of(judged);
  judged.follow_up.event.assign(30, 0);
  const auto got = judge_ladder(judged, times, kSettings);
  EXPECT_EQ(best_rung(got), nullptr);
  EXPECT_EQ(got[1].fusion_minus->value, std::nullopt);
  EXPECT_EQ(got[1].fusion_minus->interval.reason, "there is no event");
}

TEST(Ladder, SelectedPatientsKeepTheirRungs) {
  const JudgedSurvival judged = cohort(5, 2, 6), two = judged.select({1, 4});
  ASSERT_EQ(two.ladder.size(), 2U);
  EXPECT_EQ(two.ladder[1].name, "rung1");
  EXPECT_EQ(two.ladder[1].risk, (std::vector<double>{judged.ladder[1].risk[1], judged.ladder[1].risk[4]}));
}

TEST(Ladder, EightRungsOfTwoThousandPatientsAreQuick) {
  JudgedSurvival judged = cohort(2000, 8, 7);
  for (std::size_t r = 0; r < judged.rows(); ++r) judged.fold.push_back(static_cast<int>(r % 5));
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(judge_ladder(judged, times_of(judged), {500, 0, 0.95})[8].fusion_minus->interval.low);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  RecordProperty("milliseconds", static_cast<int>(seconds * 1000));
  EXPECT_LT(seconds, 30);
}

}  // namespace
}  // namespace microtome
