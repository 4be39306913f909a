// SPDX-License-Identifier: Apache-2.0
// Measures against scikit-learn, scipy and statsmodels (golden/evaluation.json), pROC and boot (golden/evaluation_r.json), and by hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "mil/evaluation/bootstrap.h"
#include "mil/evaluation/calibration.h"
#include "mil/evaluation/classification.h"
#include "mil/evaluation/comparison.h"
#include "mil/evaluation/decision_curve.h"
#include "mil/evaluation/decisions.h"
#include "mil/evaluation/delong.h"
#include "mil/evaluation/roc.h"
#include "mil/evaluation/subgroups.h"

namespace microtome {
namespace {

using Json = nlohmann::json;

Json golden(const std::string& name) {
  std::ifstream file(std::string(MICROTOME_GOLDEN) + "/" + name);
  return Json::parse(file);
}

const Json& cases() {
  static const Json all = golden("evaluation.json");
  return all;
}

const Json& from_r() {
  static const Json all = golden("evaluation_r.json");
  return all;
}

/// A set of the golden file; `scores` names its column of probabilities.
Judged judged_of(const Json& set, int classes, const std::string& scores = "p") {
  Judged out;
  for (int c = 0; c < classes; ++c) out.classes.push_back(std::string(1, static_cast<char>('a' + c)));
  out.label = set["y"].get<std::vector<int>>();
  const auto p = set[scores].get<std::vector<double>>();
  if (classes == 2)
    for (const double v : p) out.probability.insert(out.probability.end(), {1 - v, v});
  else
    out.probability = p;
  std::map<int, int> renumbered;
  for (const int id : set["patient"].get<std::vector<int>>())
    out.patient.push_back(renumbered.emplace(id, static_cast<int>(renumbered.size())).first->second);
  decide(out, std::nullopt);
  return out;
}

std::vector<char> flags(const Json& y) {
  std::vector<char> out;
  for (const int v : y) out.push_back(static_cast<char>(v));
  return out;
}

std::vector<ScoreCount> counts_of(const Json& set) { return RankedScores(set["p"].get<std::vector<double>>(), flags(set["y"])).count(); }

void expect_near(const Json& wanted, double got, double tolerance, const std::string& what) {
  EXPECT_NEAR(wanted.get<double>(), got, tolerance * std::max(1.0, std::abs(wanted.get<double>()))) << what;
}

TEST(Evaluation, EveryMeasureIsTheOneOfTheReferences) {
  for (const char* name : {"ties", "imbalance", "patients", "four"}) {
    const Judged judged = judged_of(cases()[name], name == std::string("four") ? 4 : 2);
    const ClassificationMeasures measures(judged);
    const auto values = measures.values();
    Json wanted = cases()[name]["values"];
    for (std::size_t k = 0; k < values.size(); ++k) {
      ASSERT_TRUE(values[k]) << measures.names()[k];
      expect_near(wanted.at(measures.names()[k]), *values[k], 1e-10, std::string(name) + " " + measures.names()[k]);
      wanted.erase(measures.names()[k]);
    }
    expect_near(wanted.at("temperature"), *temperature(judged), 1e-6, name);  // as fine as a search on the likelihood itself can be
    wanted.erase("temperature");
    EXPECT_TRUE(wanted.empty()) << wanted;
  }
}

TEST(Evaluation, AWeightIsTheRowWrittenOutThatOften) {
  for (const char* name : {"ties", "four"}) {
    const Judged judged = judged_of(cases()[name], name == std::string("four") ? 4 : 2);
    std::vector<int> weight;
    std::vector<std::size_t> rows;
    for (std::size_t r = 0; r < judged.rows(); ++r) {
      weight.push_back(static_cast<int>((r * 7) % 4));
      rows.insert(rows.end(), static_cast<std::size_t>(weight.back()), r);
    }
    const Judged written_out = judged.select(rows);
    const auto a = ClassificationMeasures(judged).values(weight), b = ClassificationMeasures(written_out).values();
    for (std::size_t k = 0; k < a.size(); ++k) EXPECT_NEAR(*a[k], *b[k], 1e-12);
  }
}

TEST(Roc, CurvesAreThoseOfScikitLearn) {
  for (const char* name : {"ties", "imbalance"}) {
    const Json& set = cases()[name];
    const auto roc = roc_curve(counts_of(set));
    ASSERT_EQ(roc.size(), set["roc"]["fpr"].size());
    for (std::size_t i = 0; i < roc.size(); ++i) {
      expect_near(set["roc"]["fpr"][i], roc[i].false_positive_rate, 1e-14, name);
      expect_near(set["roc"]["tpr"][i], roc[i].true_positive_rate, 1e-14, name);
    }
    const auto pr = precision_recall_curve(counts_of(set));
    ASSERT_EQ(pr.size(), set["pr"]["recall"].size());
    for (std::size_t i = 0; i < pr.size(); ++i) expect_near(set["pr"]["precision"][i], pr[i].precision, 1e-14, name);
  }
}

TEST(Roc, OneClassHasNoArea) {
  const std::vector<ScoreCount> positives = {{0.7, 3, 0}, {0.2, 1, 0}};
  EXPECT_FALSE(auc(positives));
  EXPECT_FALSE(average_precision(positives));
  EXPECT_TRUE(roc_curve(positives).empty());
}

TEST(Roc, AClassWithoutRowsIsLeftOutOfTheAverages) {
  Judged judged = judged_of(cases()["four"], 4);
  std::vector<std::size_t> rows;
  for (std::size_t r = 0; r < judged.rows(); ++r)
    if (judged.label[r] != 3) rows.push_back(r);
  const Judged three = judged.select(rows);
  const ClassRanks ranks(three);
  double sum = 0;
  for (int c = 0; c < 3; ++c) sum += *auc(ranks.against_rest(c));
  EXPECT_NEAR(*ranks.macro_auc(), sum / 3, 1e-15);
  EXPECT_TRUE(ranks.hand_till());
}

TEST(Delong, IsTheOneOfProcAndOfTheDefinition) {
  for (const char* name : {"ties", "imbalance", "patients"}) {
    const Json &set = cases()[name], &r = from_r()["delong"][name];
    const auto one = set["p"].get<std::vector<double>>(), other = set["p2"].get<std::vector<double>>();
    const auto got = delong_difference(one, other, flags(set["y"]));
    ASSERT_TRUE(got);
    expect_near(set["delong"]["auc"][0], got->one.auc, 1e-12, name);
    expect_near(set["delong"]["covariance"][0][0], got->one.variance, 1e-12, name);
    expect_near(set["delong"]["covariance"][0][1], got->covariance, 1e-12, name);
    expect_near(r["variance"], got->one.variance, 1e-10, name);
    expect_near(r["other_variance"], got->other.variance, 1e-10, name);
    expect_near(r["covariance"], got->covariance, 1e-10, name);
    expect_near(r["z"], *got->z, 1e-8, name);
    expect_near(r["p"], *got->p, 1e-10, name);
    const Interval interval = delong_interval(got->one);
    if (interval.method == "DeLong") expect_near(r["interval"][0], *interval.low, 1e-10, name);
  }
}

TEST(Delong, NearOneTheIntervalStaysInsideOnTheLogitScale) {
  const Interval interval = delong_interval({0.98, 0.0004});
  EXPECT_EQ(interval.method, "DeLong, logit scale");
  EXPECT_LT(*interval.high, 1);
  EXPECT_NEAR(*interval.low, 1 / (1 + std::exp(-(std::log(0.98 / 0.02) - 1.959963984540054 * 0.02 / (0.98 * 0.02)))), 1e-12);
}

TEST(Delong, PerfectSeparationHasNoIntervalAndSaysSo) {
  const std::vector<double> score = {0.9, 0.8, 0.7, 0.3, 0.2};
  const std::vector<char> positive = {1, 1, 1, 0, 0};
  const auto area = delong(score, positive);
  ASSERT_TRUE(area);
  EXPECT_EQ(area->auc, 1);
  EXPECT_FALSE(delong_interval(*area).low);
  EXPECT_NE(delong_interval(*area).reason, "");
  EXPECT_FALSE(delong_difference(score, score, positive)->p);
  EXPECT_FALSE(delong(std::vector<double>{0.4, 0.5, 0.6}, std::vector<char>{1, 0, 0}));
}

TEST(Bootstrap, BcaIsTheOneOfBootOnTheSameIndices) {
  const Json& r = from_r()["bca"];
  const RankedScores ranked(r["p"].get<std::vector<double>>(), flags(r["y"]));
  const std::size_t n = r["y"].size();
  std::vector<double> replicates, left_out;
  for (const Json& indices : r["index"]) {
    std::vector<int> weight(n, 0);
    for (const std::size_t i : indices) ++weight[i];
    replicates.push_back(*auc(ranked.count(weight)));
  }
  for (std::size_t i = 0; i < n; ++i) {
    std::vector<int> weight(n, 1);
    weight[i] = 0;
    left_out.push_back(*auc(ranked.count(weight)));
  }
  const double value = *auc(ranked.count());
  expect_near(r["value"], value, 1e-12, "value");
  const Interval bca = bca_interval(value, replicates, left_out, 0.95), percentile = percentile_interval(replicates, 0.95);
  EXPECT_EQ(bca.method, "BCa bootstrap of patients");
  expect_near(r["bca"][0], *bca.low, 1e-6, "low");
  expect_near(r["bca"][1], *bca.high, 1e-6, "high");
  expect_near(r["percentile"][0], *percentile.low, 1e-10, "percentile low");
  expect_near(r["percentile"][1], *percentile.high, 1e-10, "percentile high");
}

TEST(Bootstrap, SameSeedSameIntervalsAndRowsOfAPatientStayTogether) {
  const Judged judged = judged_of(cases()["patients"], 2);
  int torn = 0, unequal = 0;
  auto statistic = [&](RowWeights weight) {
    std::map<int, int> of_patient;
    for (std::size_t r = 0; r < weight.size(); ++r) {
      const auto [at, first] = of_patient.emplace(judged.patient[r], weight[r]);
      torn += at->second != weight[r];
      unequal += weight[r] > 1;
    }
    return std::vector<std::optional<double>>{auc(RankedScores(judged.column(1), judged.is_class(1)).count(weight))};
  };
  const BootstrapSettings settings{200, 7, 0.95};
  const auto a = bootstrap(judged, statistic, settings), b = bootstrap(judged, statistic, settings);
  EXPECT_EQ(torn, 0);
  EXPECT_GT(unequal, 0);
  EXPECT_EQ(a.intervals[0].low, b.intervals[0].low);
  EXPECT_EQ(a.intervals[0].high, b.intervals[0].high);
  EXPECT_LT(*a.intervals[0].low, *a.intervals[0].high);
  EXPECT_NE(a.intervals[0].low, bootstrap(judged, statistic, {200, 8, 0.95}).intervals[0].low);
}

TEST(Bootstrap, ResamplesWithoutAValueAreSkippedAndCounted) {
  const Judged judged = judged_of(cases()["ties"], 2);
  int call = 0;
  auto sometimes = [&](RowWeights weight) -> std::vector<std::optional<double>> {
    if (weight.empty()) return {0.5};
    ++call;
    return {call % 4 == 0 ? std::nullopt : std::optional(call / 1000.0)};
  };
  EXPECT_EQ(bootstrap(judged, sometimes, {400, 0, 0.95}).skipped[0], 100);
}

TEST(Bootstrap, DrawsAreTheSameEverywhere) {
  std::mt19937_64 engine(0);
  std::vector<std::uint64_t> drawn;
  for (int i = 0; i < 6; ++i) drawn.push_back(draw_below(engine, 10));
  std::mt19937_64 again(0);
  for (const auto d : drawn) EXPECT_EQ(d, again() % 10);  // the standard fixes the engine; rejection is rarer than 1e-18
}

TEST(Bootstrap, PerfectSeparationHasNoInterval) {
  const Interval interval = bca_interval(1, std::vector<double>(200, 1.0), std::vector<double>(20, 1.0), 0.95);
  EXPECT_FALSE(interval.low);
  EXPECT_NE(interval.reason, "");
}

TEST(Decisions, YoudensThresholdCallsTheRowsThatScikitLearnsCurveCalls) {
  for (const char* name : {"ties", "imbalance", "patients"}) {
    const Json& set = cases()[name];
    const double threshold = *youden_threshold(counts_of(set));
    int called = 0;
    double hits = 0, alarms = 0, positives = 0;
    for (std::size_t r = 0; r < set["y"].size(); ++r) {
      const bool above = set["p"][r].get<double>() >= threshold, positive = set["y"][r] == 1;
      called += above;
      hits += above && positive;
      alarms += above && !positive;
      positives += positive;
    }
    EXPECT_EQ(called, set["youden"]["called"].get<int>()) << name;
    expect_near(set["youden"]["j"], hits / positives - alarms / (static_cast<double>(set["y"].size()) - positives), 1e-12, name);
  }
}

TEST(Decisions, AThresholdComesFromTheOtherFoldsRows) {
  Judged judged;
  judged.classes = {"a", "b"};
  judged.label = {0, 0, 1, 1, 0, 0, 1, 1};
  for (const double p : {0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9}) judged.probability.insert(judged.probability.end(), {1 - p, p});
  judged.patient = {0, 1, 2, 3, 4, 5, 6, 7};
  judged.fold = {0, 0, 0, 0, 1, 1, 1, 1};
  const DecisionRule rule = decide(judged, std::nullopt);
  EXPECT_EQ(rule.folds, (std::vector<int>{0, 1}));
  EXPECT_NEAR(rule.thresholds[0], 0.75, 1e-15);  // between 0.7 and 0.8 of fold 1
  EXPECT_NEAR(rule.thresholds[1], 0.25, 1e-15);
  EXPECT_EQ(judged.decision, (std::vector<int>{0, 0, 0, 0, 1, 1, 1, 1}));
  decide(judged, 0.2);
  EXPECT_EQ(judged.decision, (std::vector<int>{0, 1, 1, 1, 1, 1, 1, 1}));
}

TEST(Decisions, WhatDoesNotExistHasNoValue) {
  const Confusion all_negative(2, {5, 0, 5, 0});
  EXPECT_FALSE(precision(all_negative, 1));
  EXPECT_FALSE(matthews(all_negative));
  EXPECT_EQ(f1(all_negative, 1), 0);
  EXPECT_EQ(negative_predictive_value(all_negative, 1), 0.5);
}

TEST(Calibration, BinsAreOpenBelowAndClosedAbove) {
  const std::vector<ScoreCount> counts = {{1, 1, 0}, {0.2, 1, 1}, {1.0 / 15, 0, 2}, {0, 0, 1}};
  const auto bins = reliability(counts);
  EXPECT_EQ(bins[0].n, 3);
  EXPECT_EQ(bins[2].n, 2);
  EXPECT_EQ(bins[14].n, 1);
}

TEST(Calibration, RecalibrationIsTheOneOfStatsmodels) {
  for (const char* name : {"ties", "imbalance", "patients"}) {
    const auto fitted = recalibrate(counts_of(cases()[name]));
    ASSERT_TRUE(fitted);
    expect_near(cases()[name]["recalibration_intercept"], fitted->intercept, 1e-8, name);
  }
}

TEST(Calibration, SeparatedClassesHaveNoSlopeAndNoTemperature) {
  EXPECT_FALSE(recalibrate(std::vector<ScoreCount>{{0.9, 3, 0}, {0.6, 2, 0}, {0.4, 0, 5}}));
  EXPECT_FALSE(recalibrate(std::vector<ScoreCount>{{0.9, 3, 0}, {0.5, 2, 2}, {0.4, 0, 5}}));  // as good as: the slope still runs away
  Judged judged;
  judged.classes = {"a", "b"};
  judged.label = {0, 1};
  judged.probability = {0.9, 0.1, 0.2, 0.8};
  EXPECT_FALSE(temperature(judged));
  judged.label = {1, 0};
  EXPECT_FALSE(temperature(judged));
}

TEST(Calibration, ATemperatureUndoesWhatAnotherDid) {
  Judged judged = judged_of(cases()["ties"], 2);
  const double before = *temperature(judged);
  for (std::size_t r = 0; r < judged.rows(); ++r) {  // logits doubled
    const double odds = std::pow(judged.probability[2 * r + 1] / judged.probability[2 * r], 2);
    judged.probability[2 * r] = 1 / (1 + odds);
    judged.probability[2 * r + 1] = odds / (1 + odds);
  }
  EXPECT_NEAR(*temperature(judged), 2 * before, 1e-8);
}

TEST(DecisionCurve, NetBenefitIsItsDefinition) {
  for (const char* name : {"ties", "imbalance"}) {
    const auto curve = decision_curve(counts_of(cases()[name]));
    ASSERT_EQ(curve.size(), 99U);
    for (std::size_t i = 0; i < 99; ++i) expect_near(cases()[name]["net_benefit"][i], curve[i].model, 1e-12, name);
  }
}

TEST(Intervals, WilsonAndMcNemarAreThoseOfStatsmodels) {
  for (const char* name : {"ties", "imbalance"}) {
    const Json& m = cases()[name]["mcnemar"];
    expect_near(m["p"], mcnemar_p(m["only_one"], m["only_other"]), 1e-12, name);
    expect_near(cases()[name]["wilson_7_19"][0], wilson(7, 19).low, 1e-12, name);
    expect_near(cases()[name]["wilson_7_19"][1], wilson(7, 19).high, 1e-12, name);
  }
  EXPECT_EQ(mcnemar_p(0, 0), 1);
}

TEST(Comparison, PairsTheModelsOnTheSamePatients) {
  const Json& set = cases()["ties"];
  const Comparison got = compare(judged_of(set, 2), judged_of(set, 2, "p2"), {300, 1, 0.95});
  EXPECT_EQ(got.difference.front().name, "auc");
  EXPECT_NEAR(*got.difference.front().value, got.delong->difference, 1e-12);
  EXPECT_NEAR(*got.difference.front().interval.low, *got.delong->low, 0.05);
  EXPECT_EQ(got.mcnemar.only_one, set["mcnemar"]["only_one"].get<int>());
  expect_near(set["mcnemar"]["p"], *got.mcnemar.p, 1e-12, "p");
  const Comparison dependent = compare(judged_of(cases()["patients"], 2), judged_of(cases()["patients"], 2, "p2"), {200, 1, 0.95});
  EXPECT_FALSE(dependent.delong);
  EXPECT_FALSE(dependent.mcnemar.p);
  EXPECT_NE(dependent.mcnemar.reason, "");
}

TEST(Comparison, AModelAgainstItselfDiffersByNothing) {
  const Comparison got = compare(judged_of(cases()["ties"], 2), judged_of(cases()["ties"], 2), {200, 1, 0.95});
  for (const Metric& m : got.difference) EXPECT_EQ(m.value, 0) << m.name;
  EXPECT_EQ(got.mcnemar.p, 1);
}

TEST(Measure, ReportsDelongWithOneRowAPatientAndTheBootstrapOtherwise) {
  const auto single = measure(judged_of(cases()["ties"], 2), {200, 0, 0.95});
  EXPECT_EQ(single[0].interval.method, "DeLong");
  EXPECT_EQ(single[1].name, "auc_bootstrap");
  EXPECT_EQ(single.back().name, "temperature");
  const auto y = cases()["ties"]["y"].get<std::vector<int>>();
  EXPECT_EQ(single[0].events, std::count(y.begin(), y.end(), 1));
  for (const Metric& m : single)
    EXPECT_TRUE(!m.value || !m.interval.low || (*m.interval.low <= *m.value && *m.value <= *m.interval.high)) << m.name;
  EXPECT_EQ(measure(judged_of(cases()["patients"], 2), {200, 0, 0.95})[0].interval.method, "BCa bootstrap of patients");
}

TEST(Measure, FoldMeansAverageTheFolds) {
  Judged judged = judged_of(cases()["ties"], 2);
  EXPECT_TRUE(measure_fold_means(judged, {200, 0, 0.95}).empty());
  for (std::size_t r = 0; r < judged.rows(); ++r) judged.fold.push_back(static_cast<int>(r % 3));
  const auto means = measure_fold_means(judged, {200, 0, 0.95});
  double sum = 0;
  for (int f = 0; f < 3; ++f) sum += *ClassificationMeasures(judged.select(judged.rows_of_fold(f))).values()[0];
  EXPECT_NEAR(*means[0].value, sum / 3, 1e-12);
  EXPECT_LT(*means[0].interval.low, *means[0].value);
}

/// 120 patients, one row each, all decided rightly but for `missed` positives of level "b".
Judged two_levels(std::vector<std::string>& level, int missed) {
  Judged out;
  out.classes = {"a", "b"};
  for (int i = 0; i < 120; ++i) {
    const bool positive = i % 2 == 1, in_b = i >= 60;
    const bool wrong = positive && in_b && missed-- > 0;
    const double p = positive != wrong ? 0.8 : 0.1;
    level.push_back(in_b ? "b" : "a");
    out.label.push_back(positive);
    out.probability.insert(out.probability.end(), {1 - p, p});
    out.patient.push_back(i);
  }
  decide(out, std::nullopt);
  return out;
}

TEST(Subgroups, AGapThatIsThereIsFoundAndTested) {
  std::vector<std::string> level;
  const Judged judged = two_levels(level, 15);
  const Subgroups got = judge_subgroups(judged, "site", level, {500, 0, 0.95});
  ASSERT_EQ(got.gaps.size(), 5U);
  EXPECT_EQ(got.gaps[0].name, "equal_opportunity");
  EXPECT_NEAR(*got.gaps[0].value, 0.5, 1e-12);  // 30 of 30 against 15 of 30
  EXPECT_NEAR(*got.gaps[1].value, 0.5, 1e-12);
  EXPECT_NEAR(*got.gaps[2].value, 0.25, 1e-12);
  EXPECT_NEAR(*got.gaps[3].value, 0, 1e-12);
  EXPECT_LT(*got.gaps[0].p, 0.01);
  EXPECT_EQ(got.worst_level, "b");
  EXPECT_EQ(got.gaps[3].p, 1);
}

TEST(Subgroups, SmallLevelsAreSuppressed) {
  std::vector<std::string> level;
  const Judged judged = two_levels(level, 0);
  for (int i = 0; i < 19; ++i) level[static_cast<std::size_t>(i)] = "rare";
  for (int i = 60; i < 120; i += 2) level[static_cast<std::size_t>(i)] = "one-sided";
  level[19] = "";
  const Subgroups got = judge_subgroups(judged, "site", level, {200, 0, 0.95});
  std::map<std::string, std::string> why;
  for (const auto& l : got.levels) why[l.name] = l.suppressed;
  EXPECT_EQ(why["rare"], "fewer than 20 patients");
  EXPECT_EQ(why["one-sided"], "fewer than 5 patients of one class");
  EXPECT_EQ(why["(not given)"], "fewer than 20 patients");
  EXPECT_EQ(why["a"], "");
  EXPECT_NE(got.why_no_gaps, "");
}

}  // namespace
}  // namespace microtome
