// SPDX-License-Identifier: Apache-2.0
// Measures of predicted numbers against scikit-learn and scipy (golden/regression.json), and by hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "mil/evaluation/regression/agreement.h"
#include "mil/evaluation/regression/regression_measures.h"
#include "mil/evaluation/regression/regression_subgroups.h"

namespace microtome {
namespace {

using Json = nlohmann::json;
using Doubles = std::vector<double>;

const BootstrapSettings kSettings{300, 3, 0.95};

const Json& cases() {
  static const Json all = [] {
    std::ifstream file(std::string(MICROTOME_GOLDEN) + "/regression.json");
    return Json::parse(file);
  }();
  return all;
}

/// One row a patient, without folds.
JudgedRegression judged_of(const Doubles& target, const Doubles& predicted) {
  JudgedRegression out{target, predicted, {}, {}};
  for (std::size_t r = 0; r < target.size(); ++r) out.patient.push_back(static_cast<int>(r));
  return out;
}

JudgedRegression judged_of(const Json& set) { return judged_of(set["t"].get<Doubles>(), set["p"].get<Doubles>()); }

double uniform(std::mt19937_64& engine) { return (static_cast<double>(engine() >> 11) + 0.5) / 9007199254740992.0; }

/// Predictions off by at most `error`.
JudgedRegression cohort(std::size_t n, double error, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  Doubles target, predicted;
  for (std::size_t r = 0; r < n; ++r) {
    target.push_back(10 * uniform(engine));
    predicted.push_back(target.back() + error * (2 * uniform(engine) - 1));
  }
  return judged_of(target, predicted);
}

const Metric& named(const std::vector<Metric>& metrics, const std::string& name) {
  return *std::find_if(metrics.begin(), metrics.end(), [&](const Metric& m) { return m.name == name; });
}

void expect_values(const Json& wanted, const std::vector<std::optional<double>>& got, const std::string& what) {
  ASSERT_EQ(wanted.size(), RegressionMeasures::names().size());
  for (std::size_t k = 0; k < got.size(); ++k) {
    const std::string& name = RegressionMeasures::names()[k];
    ASSERT_TRUE(got[k]) << what << " " << name;
    const double value = wanted.at(name);
    EXPECT_NEAR(value, *got[k], 1e-10 * std::max(1.0, std::abs(value))) << what << " " << name;
  }
}

TEST(RegressionMeasures, ValuesAreThoseOfScikitLearnScipyAndLinsDefinition) {
  for (const char* name : {"fine", "ties", "large", "wrong"})
    expect_values(cases()[name]["values"], RegressionMeasures(judged_of(cases()[name])).values(), name);
}

TEST(RegressionMeasures, AWeightIsTheRowWrittenOutThatOften) {
  for (const char* name : {"fine", "ties", "large", "wrong"}) {
    const Json& set = cases()[name];
    const auto weight = set["weight"].get<std::vector<int>>();
    ASSERT_NE(std::count(weight.begin(), weight.end(), 0), 0) << "rows are left out too";
    expect_values(set["weighted"], RegressionMeasures(judged_of(set)).values(weight), name);
  }
}

TEST(RegressionMeasures, LimitsOfAgreementAreMeanAndDeviationsOfTheDifferences) {
  for (const char* name : {"fine", "ties", "large", "wrong"}) {
    const Json& wanted = cases()[name]["agreement"];
    const LimitsOfAgreement got = *limits_of_agreement(judged_of(cases()[name]));
    const double scale = std::max(1.0, wanted["sd"].get<double>());
    EXPECT_NEAR(wanted["bias"], got.bias, 1e-10 * scale);
    EXPECT_NEAR(wanted["sd"], got.sd, 1e-10 * scale);
    EXPECT_NEAR(wanted["low"], got.low, 1e-10 * scale);
    EXPECT_NEAR(wanted["high"], got.high, 1e-10 * scale);
  }
  EXPECT_FALSE(limits_of_agreement(judged_of({1, 2}, {1, 3})));
}

TEST(RegressionMeasures, TheIntervalIsScipysBcaInterval) {
  const Json& set = cases()["bca"];
  const Metric mae = measure_regression(judged_of(set), {20000, 1, 0.95}).front();
  EXPECT_EQ(mae.interval.method, "BCa bootstrap of patients");
  const double width = set["high"].get<double>() - set["low"].get<double>();
  EXPECT_NEAR(set["low"], *mae.interval.low, 0.03 * width);
  EXPECT_NEAR(set["high"], *mae.interval.high, 0.03 * width);
}

TEST(RegressionMeasures, ByHand) {
  const auto got = RegressionMeasures(judged_of({1, 2, 3}, {2, 2, 5})).values();
  EXPECT_DOUBLE_EQ(*got[0], 1);
  EXPECT_DOUBLE_EQ(*got[1], std::sqrt(5.0 / 3));
  EXPECT_DOUBLE_EQ(*got[2], 1 - 5.0 / 2) << "worse than the mean";
  EXPECT_DOUBLE_EQ(*got[3], std::sqrt(3.0) / 2);
  EXPECT_DOUBLE_EQ(*got[4], std::sqrt(3.0) / 2) << "ranks 1.5, 1.5, 3";
  EXPECT_DOUBLE_EQ(*got[5], 1);
  EXPECT_DOUBLE_EQ(*got[6], 0.5);
  EXPECT_DOUBLE_EQ(*got[7], 0.5);
  EXPECT_DOUBLE_EQ(*got[8], 2 * 3.0 / (2 + 6 + 3));
}

TEST(RegressionMeasures, WhatIsPerfectIsOneAndWhatIsShiftedIsOnlyCorrelated) {
  const auto same = RegressionMeasures(judged_of({1, 2, 4}, {1, 2, 4})).values();
  for (const std::size_t k : {2, 3, 4, 6, 8}) EXPECT_DOUBLE_EQ(*same[k], 1) << RegressionMeasures::names()[k];
  for (const std::size_t k : {0, 1, 5, 7}) EXPECT_DOUBLE_EQ(*same[k], 0) << RegressionMeasures::names()[k];
  const auto shifted = RegressionMeasures(judged_of({1, 2, 4}, {101, 102, 104})).values();
  EXPECT_DOUBLE_EQ(*shifted[3], 1);
  EXPECT_LT(*shifted[8], 0.001);
  EXPECT_DOUBLE_EQ(*shifted[7], -100);
}

TEST(RegressionMeasures, AConstantColumnHasReasonsInPlaceOfValues) {
  // 0.1 three times does not sum to 0.3: equal numbers are told by comparing, not by a variance of 0
  const auto flat = measure_regression(judged_of({1, 2, 4}, {0.1, 0.1, 0.1}), kSettings);
  for (const char* name : {"pearson", "spearman", "ccc", "calibration_slope", "calibration_intercept"}) {
    EXPECT_FALSE(named(flat, name).value) << name;
    EXPECT_EQ(named(flat, name).interval.reason, "all predictions are the same") << name;
    EXPECT_FALSE(named(flat, name).interval.low) << name;
  }
  EXPECT_TRUE(named(flat, "r2").value) << "one number for everybody can be judged";
  const auto known = measure_regression(judged_of({0.1, 0.1, 0.1}, {1, 2, 4}), kSettings);
  for (const char* name : {"r2", "pearson", "spearman", "ccc"}) {
    EXPECT_FALSE(named(known, name).value) << name;
    EXPECT_EQ(named(known, name).interval.reason, "all known values are the same") << name;
  }
  EXPECT_NEAR(*named(known, "calibration_slope").value, 0, 1e-15);
  EXPECT_NEAR(*named(known, "calibration_intercept").value, 0.1, 1e-15);
}

TEST(RegressionMeasures, TwoRowsHaveErrorsAndNoCorrelation) {
  const auto two = measure_regression(judged_of({1, 2}, {2, 4}), kSettings);
  EXPECT_EQ(named(two, "mae").value, 1.5);
  EXPECT_TRUE(named(two, "mae").interval.low);
  for (const char* name : {"r2", "pearson", "spearman", "ccc", "calibration_slope", "calibration_intercept"}) {
    EXPECT_FALSE(named(two, name).value) << name;
    EXPECT_EQ(named(two, name).interval.reason, "fewer than 3 rows") << name;
  }
  const auto one = measure_regression(judged_of({1}, {2}), kSettings);
  EXPECT_EQ(named(one, "bias").value, 1);
  EXPECT_EQ(named(one, "bias").interval.reason, "every resample gives the same value");
}

TEST(RegressionMeasures, NothingWeighsNothing) {
  const JudgedRegression judged = cohort(5, 1, 1);
  for (const auto& value : RegressionMeasures(judged).values(std::vector<int>(5, 0))) EXPECT_FALSE(value);
}

TEST(RegressionMeasures, EveryMeasureLiesInItsInterval) {
  const auto metrics = measure_regression(cohort(150, 4, 2), kSettings);
  ASSERT_EQ(metrics.size(), RegressionMeasures::names().size());
  for (const Metric& m : metrics) {
    ASSERT_TRUE(m.value && m.interval.low) << m.name << m.interval.reason;
    EXPECT_LT(*m.interval.low, *m.value) << m.name;
    EXPECT_LT(*m.value, *m.interval.high) << m.name;
    EXPECT_EQ(m.n, 150);
    EXPECT_FALSE(m.events);
  }
  EXPECT_EQ(measure_regression(cohort(150, 4, 2), kSettings)[3].interval.low, metrics[3].interval.low) << "same seed, same interval";
  EXPECT_NE(measure_regression(cohort(150, 4, 2), {300, 4, 0.95})[3].interval.low, metrics[3].interval.low);
}

TEST(RegressionMeasures, PatientsAreDrawnNotTheirSlides) {
  // every row four times: of patients of their own the interval would be half as wide
  const JudgedRegression once = cohort(40, 4, 5);
  JudgedRegression four;
  for (std::size_t r = 0; r < once.rows(); ++r)
    for (int s = 0; s < 4; ++s) {
      four.target.push_back(once.target[r]);
      four.predicted.push_back(once.predicted[r]);
      four.patient.push_back(once.patient[r]);
    }
  const Metric a = measure_regression(once, kSettings).front(), b = measure_regression(four, kSettings).front();
  EXPECT_NEAR(*a.value, *b.value, 1e-12);
  EXPECT_NEAR(*a.interval.low, *b.interval.low, 1e-12);
  EXPECT_NEAR(*a.interval.high, *b.interval.high, 1e-12);
}

TEST(RegressionMeasures, FoldMeansAverageFoldsAndPatientsStayInTheirs) {
  JudgedRegression judged = cohort(90, 2, 6);
  EXPECT_TRUE(measure_regression_fold_means(judged, kSettings).empty());
  for (std::size_t r = 0; r < judged.rows(); ++r) judged.fold.push_back(static_cast<int>(7 - 2 * (r % 3)));
  EXPECT_EQ(judged.fold_numbers(), (std::vector<int>{3, 5, 7}));
  for (std::size_t r = 0; r < judged.rows(); ++r) judged.predicted[r] += judged.fold[r] == 5 ? 9 : 0;
  const auto means = measure_regression_fold_means(judged, kSettings);
  std::vector<double> sum(means.size());
  for (const int number : judged.fold_numbers()) {
    const auto values = RegressionMeasures(judged.select(judged.rows_of_fold(number))).values();
    for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += *values[k] / 3;
  }
  for (std::size_t k = 0; k < sum.size(); ++k) EXPECT_NEAR(*means[k].value, sum[k], 1e-12) << means[k].name;
  // within folds errors differ little: were patients exchanged between folds, the shift of fold 5 would widen the interval of the bias
  EXPECT_LT(*named(means, "bias").interval.high - *named(means, "bias").interval.low, 1);
  EXPECT_LT(*measure_regression(judged, kSettings)[5].interval.high - *measure_regression(judged, kSettings)[5].interval.low, 1);
}

TEST(RegressionMeasures, AMeanIsOverTheFoldsThatHaveTheMeasure) {
  JudgedRegression judged = judged_of({1, 2, 4, 5, 5, 5}, {1, 3, 4, 1, 2, 3});
  judged.fold = {0, 0, 0, 1, 1, 1};
  EXPECT_DOUBLE_EQ(*named(measure_regression_fold_means(judged, kSettings), "pearson").value,
                   *RegressionMeasures(judged.select({0, 1, 2})).values()[3]);
  judged.fold = {0, 0, 1, 1, 2, 2};
  EXPECT_EQ(named(measure_regression_fold_means(judged, kSettings), "pearson").interval.reason,
            "no fold has a value: each has fewer than 3 rows, or predictions or known values that are all the same");
}

TEST(RegressionComparison, TheBetterModelHasSmallerErrorsOnTheSameResamples) {
  const JudgedRegression good = cohort(120, 1, 8);
  JudgedRegression bad = good;
  std::mt19937_64 engine(9);
  for (double& p : bad.predicted) p += 6 * (uniform(engine) - 0.5);
  const RegressionComparison got = compare_regression(good, bad, kSettings);
  ASSERT_EQ(got.difference.size(), 5U);
  for (std::size_t k = 0; k < 5; ++k) {
    EXPECT_EQ(got.difference[k].name, RegressionMeasures::names()[k]);
    EXPECT_DOUBLE_EQ(*got.difference[k].value, *got.one[k].value - *got.other[k].value);
  }
  EXPECT_LT(*named(got.difference, "mae").interval.high, 0);
  EXPECT_GT(*named(got.difference, "r2").interval.low, 0);
  EXPECT_GT(*named(got.difference, "pearson").interval.low, 0);
  const auto same = compare_regression(good, good, kSettings);
  EXPECT_EQ(named(same.difference, "mae").value, 0);
  EXPECT_EQ(named(same.difference, "mae").interval.reason, "every resample gives the same value");
}

TEST(RegressionComparison, WithoutAValueOfOneThereIsNoDifference) {
  const JudgedRegression good = cohort(30, 1, 8);
  JudgedRegression flat = good;
  flat.predicted.assign(30, 5);
  const RegressionComparison got = compare_regression(good, flat, kSettings);
  EXPECT_FALSE(named(got.difference, "pearson").value);
  EXPECT_EQ(named(got.difference, "pearson").interval.reason, "one of the two has no value");
  EXPECT_EQ(named(got.other, "pearson").interval.reason, "all predictions are the same");
  EXPECT_TRUE(named(got.difference, "mae").value);
}

TEST(RegressionSubgroups, TheLevelWithTheLargestErrorIsNamedAndTested) {
  JudgedRegression judged = cohort(90, 1, 10);
  std::vector<std::string> site;
  for (std::size_t r = 0; r < 90; ++r) {
    site.push_back(r < 10 ? "rare" : r % 2 ? "" : "B");
    if (site.back() == "B") judged.predicted[r] += 3;
  }
  const RegressionSubgroups got = judge_regression_subgroups(judged, "site", site, kSettings);
  ASSERT_EQ(got.levels.size(), 3U);
  EXPECT_EQ(got.levels[0].name, "(not given)");
  EXPECT_EQ(got.levels[2].suppressed, "fewer than 20 patients");
  EXPECT_TRUE(got.levels[2].metrics.empty());
  EXPECT_EQ(got.worst_level, "B");
  EXPECT_NEAR(*got.gap.value, *got.levels[1].metrics.front().value - *got.levels[0].metrics.front().value, 1e-12);
  EXPECT_LT(*got.gap.p, 0.01);
}

TEST(RegressionSubgroups, ChanceIsNoGap) {
  const JudgedRegression judged = cohort(80, 1, 11);
  std::vector<std::string> sex;
  for (std::size_t r = 0; r < 80; ++r) sex.push_back(r % 2 ? "F" : "M");
  EXPECT_GT(*judge_regression_subgroups(judged, "sex", sex, kSettings).gap.p, 0.02);
}

TEST(RegressionSubgroups, TheUnitDoesNotChangeAGap) {
  const JudgedRegression judged = cohort(60, 2, 12);
  JudgedRegression tiny = judged;
  for (auto* numbers : {&tiny.target, &tiny.predicted})
    for (double& v : *numbers) v *= 0x1p-60;
  std::vector<std::string> sex;
  for (std::size_t r = 0; r < 60; ++r) sex.push_back(r % 2 ? "F" : "M");
  const Gap a = judge_regression_subgroups(judged, "sex", sex, kSettings).gap,
            b = judge_regression_subgroups(tiny, "sex", sex, kSettings).gap;
  EXPECT_EQ(a.p, b.p);
  EXPECT_DOUBLE_EQ(*a.value * 0x1p-60, *b.value);
}

TEST(RegressionSubgroups, OneReportedLevelHasNoGapAndNoWorst) {
  const RegressionSubgroups got = judge_regression_subgroups(cohort(40, 1, 13), "sex", std::vector<std::string>(40, "F"), kSettings);
  EXPECT_FALSE(got.gap.value);
  EXPECT_EQ(got.gap.reason, "fewer than two levels are reported");
  EXPECT_EQ(got.worst_level, "");
}

TEST(RegressionSubgroups, LevelsOfSlidesArePermutedAmongPatients) {
  // 25 slides of every patient: as rows of their own the chance difference between patients would pass for one between levels
  JudgedRegression judged;
  std::vector<std::string> sex;
  std::mt19937_64 engine(14);
  for (int p = 0; p < 44; ++p) {
    const double error = uniform(engine);
    for (int s = 0; s < 25; ++s) {
      judged.target.push_back(s);
      judged.predicted.push_back(s + error);
      judged.patient.push_back(p);
      sex.push_back(p % 2 ? "F" : "M");
    }
  }
  EXPECT_GT(*judge_regression_subgroups(judged, "sex", sex, kSettings).gap.p, 0.02);
}

}  // namespace
}  // namespace microtome
