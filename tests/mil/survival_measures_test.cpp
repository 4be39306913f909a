// SPDX-License-Identifier: Apache-2.0
// Measures of survival with their intervals, folds, subgroups and comparisons, on cohorts drawn here.
#include "mil/evaluation/survival/survival_measures.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <random>

#include "mil/evaluation/survival/cox.h"
#include "mil/evaluation/survival/survival_subgroups.h"

namespace microtome {
namespace {

const BootstrapSettings kSettings{200, 3, 0.95};

double uniform(std::mt19937_64& engine) { return (static_cast<double>(engine() >> 11) + 0.5) / 9007199254740992.0; }

/// Exponential survival whose rate doubles with every half unit of risk times `strength`; curves are the true ones.
JudgedSurvival cohort(std::size_t n, double strength, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  JudgedSurvival out;
  out.curves.months = {12, 24, 36};
  for (std::size_t i = 0; i < n; ++i) {
    const double risk = 2 * uniform(engine) - 1, rate = std::exp(strength * risk) / 30;
    const double months = -std::log(uniform(engine)) / rate, censored = 80 * uniform(engine);
    out.risk.push_back(risk);
    out.follow_up.months.push_back(std::max(0.1, std::min(months, censored)));
    out.follow_up.event.push_back(months <= censored);
    for (const double t : out.curves.months) out.curves.survival.push_back(std::exp(-rate * t));
  }
  split_risks(out, std::nullopt);
  return out;
}

SurvivalTimes times_of(const JudgedSurvival& judged) { return choose_times(judged, std::nullopt, std::nullopt); }

const Metric& named(const std::vector<Metric>& metrics, const std::string& name) {
  return *std::find_if(metrics.begin(), metrics.end(), [&](const Metric& m) { return m.name == name; });
}

TEST(SurvivalMeasures, EveryMeasureHasItsValueItsIntervalAndItsCounts) {
  const JudgedSurvival judged = cohort(300, 1.4, 1);
  const auto metrics = measure_survival(judged, times_of(judged), kSettings);
  for (const char* name : {"c_harrell", "c_uno", "auc_t", "ibs", "ibs_kaplan_meier", "hazard_ratio", "hazard_ratio_per_sd"}) {
    const Metric& m = named(metrics, name);
    ASSERT_TRUE(m.value && m.interval.low) << name << m.interval.reason;
    EXPECT_LT(*m.interval.low, *m.value) << name;
    EXPECT_LT(*m.value, *m.interval.high) << name;
    EXPECT_EQ(m.n, 300);
    EXPECT_EQ(m.events, judged.follow_up.events());
  }
  EXPECT_NEAR(*named(metrics, "c_harrell").value, 0.7, 0.06);
  EXPECT_NEAR(*named(metrics, "c_harrell").interval.high - *named(metrics, "c_harrell").interval.low, 0.08, 0.04);
  EXPECT_LT(*named(metrics, "ibs").value, *named(metrics, "ibs_kaplan_meier").value) << "true curves beat one curve for everybody";
  EXPECT_LT(*named(metrics, "logrank_p").value, 1e-4);
  EXPECT_NE(named(metrics, "logrank_p").interval.reason, "");
  EXPECT_LT(*named(metrics, "calibration_error").value, 0.12);
  EXPECT_GT(*named(metrics, "d_calibration_p").value, 0.01) << "true curves are calibrated";
}

TEST(SurvivalMeasures, TheHazardRatioIsTheOneOfHighAgainstLowRisk) {
  const JudgedSurvival judged = cohort(200, 1, 2);
  const std::vector<double> high(judged.high_risk.begin(), judged.high_risk.end());
  const auto metrics = measure_survival(judged, times_of(judged), kSettings);
  EXPECT_EQ(named(metrics, "hazard_ratio").value, fit_cox(high, 1, judged.follow_up).terms[0].hazard_ratio);
  EXPECT_GT(*named(metrics, "hazard_ratio").value, 1) << "higher risk is worse";
}

TEST(SurvivalMeasures, SameSeedSameIntervals) {
  const JudgedSurvival judged = cohort(80, 1, 3);
  const auto a = measure_survival(judged, times_of(judged), kSettings), b = measure_survival(judged, times_of(judged), kSettings),
             c = measure_survival(judged, times_of(judged), {200, 4, 0.95});
  EXPECT_EQ(a[0].interval.low, b[0].interval.low);
  EXPECT_NE(a[0].interval.low, c[0].interval.low);
}

TEST(SurvivalMeasures, TwoThousandResamplesOfFiveHundredPatientsAreQuick) {
  const JudgedSurvival judged = cohort(500, 1, 4);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(measure_survival(judged, times_of(judged), {2000, 0, 0.95})[0].interval.low);
  EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), 20);
}

TEST(SurvivalMeasures, WithoutEventsWithoutCurvesOrWithOneRiskTheReasonIsGiven) {
  JudgedSurvival judged = cohort(60, 1, 5);
  const SurvivalTimes times = times_of(judged);
  judged.curves = {};
  SurvivalTimes no_curves = times_of(judged);
  EXPECT_FALSE(no_curves.horizon);
  for (const char* name : {"ibs", "ibs_kaplan_meier", "calibration_error", "d_calibration_p"}) {
    const Metric m = named(measure_survival(judged, no_curves, kSettings), name);
    EXPECT_FALSE(m.value) << name;
    EXPECT_EQ(m.interval.reason, "the predictions have no columns surv_<months>") << name;
  }
  judged.risk.assign(60, 0.4);
  split_risks(judged, std::nullopt);
  const auto flat = measure_survival(judged, no_curves, kSettings);
  EXPECT_EQ(named(flat, "c_harrell").value, 0.5);
  EXPECT_NE(named(flat, "c_harrell").interval.reason, "") << "every resample gives one half";
  EXPECT_FALSE(named(flat, "hazard_ratio").value);
  EXPECT_FALSE(named(flat, "logrank_p").value);
  judged.follow_up.event.assign(60, 0);
  for (const Metric& m : measure_survival(judged, no_curves, kSettings)) {
    EXPECT_FALSE(m.value) << m.name;
    EXPECT_NE(m.interval.reason, "") << m.name;
  }
}

TEST(SurvivalMeasures, OneEventHasACIndexAndNoInterval) {
  JudgedSurvival judged = cohort(40, 1, 6);
  judged.follow_up.event.assign(40, 0);
  const auto first = std::min_element(judged.follow_up.months.begin(), judged.follow_up.months.end()) - judged.follow_up.months.begin();
  judged.follow_up.event[static_cast<std::size_t>(first)] = 1;
  const SurvivalTimes times = times_of(judged);
  EXPECT_EQ(times.auc.size(), 1U) << "all percentiles are that event";
  const auto metrics = measure_survival(judged, times, kSettings);
  EXPECT_TRUE(named(metrics, "c_harrell").value);
  EXPECT_FALSE(named(metrics, "c_uno").value) << "no event before tau, which is that event";
}

TEST(SurvivalMeasures, TwoPatientsDoNotBreakIt) {
  JudgedSurvival judged;
  judged.risk = {2, 1};
  judged.follow_up = {{3, 9}, {1, 0}};
  split_risks(judged, std::nullopt);
  const auto metrics = measure_survival(judged, times_of(judged), kSettings);
  EXPECT_EQ(named(metrics, "c_harrell").value, 1);
  EXPECT_EQ(named(metrics, "c_harrell").interval.low, std::nullopt);
  EXPECT_NE(named(metrics, "hazard_ratio").interval.reason.find("without bound"), std::string::npos);
}

TEST(SurvivalMeasures, FoldMeansAverageFoldsWhoseCensoringComesFromTheOthers) {
  JudgedSurvival judged = cohort(150, 1, 7);
  EXPECT_TRUE(measure_survival_fold_means(judged, times_of(judged), kSettings).empty());
  for (std::size_t r = 0; r < judged.rows(); ++r) judged.fold.push_back(static_cast<int>(r % 3));
  const auto means = measure_survival_fold_means(judged, times_of(judged), kSettings);
  for (std::size_t k = 0; k < 4; ++k) {
    double sum = 0;
    for (const int fold : judged.fold_numbers()) {
      const FollowUp others = judged.follow_up.select(judged.rows_of_fold(fold, true));
      const JudgedSurvival own = judged.select(judged.rows_of_fold(fold));
      sum += *SurvivalMeasures(own, times_of(judged), &others).values()[k];
    }
    EXPECT_NEAR(*means[k].value, sum / 3, 1e-12);
    EXPECT_LT(*means[k].interval.low, *means[k].value);
  }
}

TEST(RiskGroups, ACutComesFromTheOtherFoldsOrIsGiven) {
  JudgedSurvival judged;
  judged.risk = {1, 2, 3, 11, 12, 13};
  judged.follow_up = {{1, 2, 3, 4, 5, 6}, {1, 1, 1, 1, 1, 1}};
  EXPECT_EQ(split_risks(judged, std::nullopt).cuts, std::vector<double>{7});
  EXPECT_EQ(judged.high_risk, (std::vector<char>{0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(split_risks(judged, 3.0).source, "given");
  EXPECT_EQ(judged.high_risk, (std::vector<char>{0, 0, 1, 1, 1, 1})) << "at the cut is high";
  judged.fold = {0, 0, 0, 4, 4, 4};
  const RiskCut cut = split_risks(judged, std::nullopt);
  EXPECT_EQ(cut.folds, (std::vector<int>{0, 4}));
  EXPECT_EQ(cut.cuts, (std::vector<double>{12, 2}));
  EXPECT_EQ(judged.high_risk, (std::vector<char>{0, 0, 0, 1, 1, 1}));
}

TEST(SurvivalComparison, ABetterModelIsBetterOnTheSameResamples) {
  const JudgedSurvival good = cohort(250, 1.5, 8);
  JudgedSurvival worse = good;
  std::mt19937_64 engine(9);
  for (double& risk : worse.risk) risk += 3 * uniform(engine);
  const SurvivalComparison got = compare_survival(good, worse, times_of(good), kSettings);
  EXPECT_EQ(got.difference[0].name, "c_harrell");
  EXPECT_NEAR(*got.difference[0].value, *got.one[0].value - *got.other[0].value, 1e-15);
  EXPECT_GT(*got.difference[0].interval.low, 0);
  for (const Metric& m : compare_survival(good, good, times_of(good), kSettings).difference) EXPECT_EQ(m.value, 0) << m.name;
}

TEST(SurvivalSubgroups, SmallLevelsAreSuppressedAndAGapIsTested) {
  JudgedSurvival judged = cohort(260, 1.6, 10);
  std::vector<std::string> level;
  for (std::size_t r = 0; r < judged.rows(); ++r) {
    level.push_back(r < 15 ? "rare" : r < 40 ? "quiet" : r < 150 ? "a" : r < 240 ? "b" : "");
    if (level[r] == "quiet") judged.follow_up.event[r] = 0;
    if (level[r] == "b") judged.risk[r] = static_cast<double>((r * 37) % 101) / 50 - 1;  // says nothing there
  }
  const SurvivalSubgroups got = judge_survival_subgroups(judged, times_of(judged), "site", level, kSettings);
  std::map<std::string, std::string> why;
  for (const SurvivalLevel& l : got.levels) why[l.name] = l.suppressed;
  EXPECT_EQ(why["rare"], "fewer than 20 patients");
  EXPECT_EQ(why["quiet"], "fewer than 10 events");
  EXPECT_EQ(why["a"] + why["b"], "");
  EXPECT_EQ(got.worst_level, "b");
  EXPECT_GT(*got.gap.value, 0.1);
  EXPECT_LT(*got.gap.p, 0.05);
  const SurvivalSubgroups one = judge_survival_subgroups(judged, times_of(judged), "all", std::vector<std::string>(260, "x"), kSettings);
  EXPECT_FALSE(one.gap.value);
  EXPECT_NE(one.gap.reason, "");
}

TEST(Bootstrap, LargeSetsLeaveOutGroupsOfPatientsAndStrataKeepTheirSize) {
  const std::size_t patients = 5000;
  PatientRows rows;
  for (std::size_t p = 0; p < patients; ++p) {
    rows.patient.push_back(static_cast<int>(p));
    rows.stratum.push_back(p < 1000 ? 0 : 1);
  }
  int calls = 0, wrong = 0;
  auto mean = [&](RowWeights weight) -> std::vector<std::optional<double>> {
    ++calls;
    double sum = 0, n = 0, of_first = 0;
    for (std::size_t p = 0; p < patients; ++p) {
      const double times = weight.empty() ? 1 : weight[p];
      n += times;
      of_first += p < 1000 ? times : 0;
      sum += times * static_cast<double>(p % 10);
    }
    wrong += n == patients && of_first != 1000;
    return {sum / n};
  };
  const Resampled got = bootstrap(rows, mean, {150, 0, 0.95});
  EXPECT_EQ(calls, 1 + 150 + 2000);
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(got.intervals[0].method, "BCa bootstrap of patients");
  EXPECT_NEAR(*got.intervals[0].high - *got.intervals[0].low, 2 * 1.96 * 2.872 / std::sqrt(5000.0), 0.04);
}

}  // namespace
}  // namespace microtome
