// SPDX-License-Identifier: Apache-2.0
// Survival statistics against scikit-survival and lifelines (golden/survival.json), R's survival (golden/survival_r.json), and by hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "mil/evaluation/survival/auc_over_time.h"
#include "mil/evaluation/survival/brier_over_time.h"
#include "mil/evaluation/survival/concordance.h"
#include "mil/evaluation/survival/cox.h"
#include "mil/evaluation/survival/kaplan_meier.h"
#include "mil/evaluation/survival/log_rank.h"
#include "mil/evaluation/survival/survival_calibration.h"

namespace microtome {
namespace {

using Json = nlohmann::json;
using Doubles = std::vector<double>;

Json golden(const std::string& name) {
  std::ifstream file(std::string(MICROTOME_GOLDEN) + "/" + name);
  return Json::parse(file);
}

const Json& cases() {
  static const Json all = golden("survival.json");
  return all;
}

const Json& from_r() {
  static const Json all = golden("survival_r.json");
  return all;
}

const std::vector<std::string> kNames = {"fine", "ties", "censored"};

Doubles doubles(const Json& values) { return values.get<Doubles>(); }

FollowUp follow_up(const Doubles& months, const std::vector<int>& event) {
  FollowUp out{months, {}};
  for (const int e : event) out.event.push_back(static_cast<char>(e));
  return out;
}

FollowUp follow_up(const Json& set) { return follow_up(doubles(set["t"]), set["e"].get<std::vector<int>>()); }

CensoringCurve censoring_of(const FollowUp& patients, RowWeights weight = {}) { return CensoringCurve(TimeTable(patients).count(weight)); }

SurvivalCurves curves_of(const Json& set) { return {doubles(set["months"]), doubles(set["curves"])}; }

/// risk and grade, row-major.
Doubles covariates(const Json& set) {
  Doubles out;
  for (std::size_t r = 0; r < set["t"].size(); ++r) out.insert(out.end(), {set["risk"][r].get<double>(), set["grade"][r].get<double>()});
  return out;
}

void expect_near(const Json& wanted, double got, double tolerance, const std::string& what) {
  EXPECT_NEAR(wanted.get<double>(), got, tolerance * std::max(1.0, std::abs(wanted.get<double>()))) << what;
}

/// null where there is no value.
void expect_same(const Json& wanted, std::optional<double> got, double tolerance, const std::string& what) {
  ASSERT_EQ(wanted.is_null(), !got) << what;
  if (got) expect_near(wanted, *got, tolerance, what);
}

/// A set of n patients with ties in time and in risk.
struct Tied {
  Doubles risk;
  FollowUp patients;
};
Tied tied_set(std::mt19937_64& engine, std::size_t n) {
  Tied out;
  for (std::size_t i = 0; i < n; ++i) {
    out.risk.push_back(static_cast<double>(engine() % 9) / 4);
    out.patients.months.push_back(1 + static_cast<double>(engine() % 12));
    out.patients.event.push_back(static_cast<char>(engine() % 2));
  }
  return out;
}

PairCounts by_brute_force(const Doubles& risk, const FollowUp& p) {
  PairCounts out;
  for (std::size_t i = 0; i < risk.size(); ++i)
    for (std::size_t j = 0; j < risk.size(); ++j) {
      const bool same = p.months[i] == p.months[j];
      if (!p.event[i] || !(p.months[i] < p.months[j] || (same && !p.event[j]))) continue;
      const double distance = risk[i] - risk[j];
      out.tied_time += same;
      out.tied_risk += std::abs(distance) <= kTiedRisk;
      out.concordant += distance > kTiedRisk;
      out.discordant += distance < -kTiedRisk;
    }
  return out;
}

void expect_pairs(const PairCounts& wanted, const PairCounts& got) {
  EXPECT_EQ(wanted.concordant, got.concordant);
  EXPECT_EQ(wanted.discordant, got.discordant);
  EXPECT_EQ(wanted.tied_risk, got.tied_risk);
  EXPECT_EQ(wanted.tied_time, got.tied_time);
}

TEST(Concordance, HarrellsCAndItsPairsAreThoseOfScikitSurvivalLifelinesAndR) {
  for (const std::string& name : kNames) {
    const Json& set = cases()[name];
    const PairCounts pairs = RankedRisks(doubles(set["risk"]), follow_up(set)).count();
    expect_pairs({set["pairs"][0], set["pairs"][1], set["pairs"][2], set["pairs"][3]}, pairs);
    EXPECT_EQ(set["pairs"], set["pairs_by_hand"]);
    expect_near(set["harrell"], *harrell_c(pairs), 1e-14, name);
    expect_near(set["lifelines_c"], *harrell_c(pairs), 1e-14, name);
    expect_near(from_r()[name]["harrell"], *harrell_c(pairs), 1e-13, name);
  }
}

TEST(Concordance, CountsAreThoseOfAllPairsOnTwoHundredTiedSets) {
  std::mt19937_64 engine(1);
  for (int set = 0; set < 200; ++set) {
    const Tied tied = tied_set(engine, 2 + engine() % 60);
    expect_pairs(by_brute_force(tied.risk, tied.patients), RankedRisks(tied.risk, tied.patients).count());
  }
}

TEST(Concordance, AWeightIsTheRowWrittenOutThatOften) {
  std::mt19937_64 engine(2);
  for (int set = 0; set < 50; ++set) {
    const Tied tied = tied_set(engine, 30);
    std::vector<int> weight;
    std::vector<std::size_t> rows;
    Doubles risk;
    for (std::size_t r = 0; r < tied.risk.size(); ++r) {
      weight.push_back(static_cast<int>(engine() % 4));
      for (int k = 0; k < weight.back(); ++k) rows.push_back(r), risk.push_back(tied.risk[r]);
    }
    const FollowUp written_out = tied.patients.select(rows);
    const RankedRisks ranked(tied.risk, tied.patients), of_rows(risk, written_out);
    expect_pairs(of_rows.count(), ranked.count(weight));
    const auto a = ranked.uno_c(censoring_of(tied.patients, weight), 10, weight), b = of_rows.uno_c(censoring_of(written_out), 10);
    ASSERT_EQ(a.has_value(), b.has_value());
    EXPECT_NEAR(a.value_or(-1), b.value_or(-1), 1e-12);
  }
}

TEST(Concordance, UnosCIsTheOneOfTheDefinitionRAndScikitSurvival) {
  for (const std::string& name : kNames) {
    const Json& set = cases()[name];
    const RankedRisks ranked(doubles(set["risk"]), follow_up(set));
    const double own = *ranked.uno_c(censoring_of(follow_up(set)), set["tau"]);
    expect_near(set["uno_by_hand"], own, 1e-12, name);
    expect_near(from_r()[name]["uno"], own, 1e-10, name);
  }
  const Json& set = cases()["fine"];  // no ties of events and censorings, where scikit-survival takes the curve after the time
  expect_near(set["uno_sksurv"],
              *RankedRisks(doubles(set["risk"]), follow_up(set)).uno_c(censoring_of(follow_up(set["reference"])), set["tau"]), 1e-12,
              "training data apart");
}

TEST(Concordance, RisksWithinTheToleranceAreTied) {
  const FollowUp patients = follow_up({1, 2, 3}, {1, 1, 1});
  expect_pairs({0, 0, 3, 0}, RankedRisks(Doubles{1, 1 + 4e-9, 1 - 4e-9}, patients).count());
  expect_pairs({0, 3, 0, 0}, RankedRisks(Doubles{1, 1 + 2e-8, 1 + 4e-8}, patients).count());
}

TEST(Concordance, WhatCannotBeComparedHasNoC) {
  const Doubles risk = {0.3, 0.1};
  EXPECT_FALSE(harrell_c(RankedRisks(risk, follow_up({5, 9}, {0, 0})).count())) << "all censored";
  EXPECT_FALSE(harrell_c(RankedRisks(risk, follow_up({5, 5}, {1, 1})).count())) << "events at one time";
  EXPECT_FALSE(harrell_c(RankedRisks(risk, follow_up({5, 9}, {0, 1})).count())) << "censored before the only event";
  EXPECT_EQ(harrell_c(RankedRisks(risk, follow_up({5, 5}, {1, 0})).count()), 1) << "censored with the event: was there at it";
  EXPECT_EQ(harrell_c(RankedRisks(risk, follow_up({5, 9}, {1, 0})).count()), 1) << "one event, two patients";
  EXPECT_EQ(harrell_c(RankedRisks(Doubles{2, 2}, follow_up({5, 9}, {1, 1})).count()), 0.5) << "identical risks";
  EXPECT_FALSE(harrell_c(RankedRisks({}, {}).count()));
}

TEST(Concordance, UnoHasNoValueWhereNobodyOfTheReferenceWasFollowed) {
  const FollowUp patients = follow_up({2, 8, 9, 12}, {1, 1, 1, 0}), reference = follow_up({3, 5}, {1, 0});
  const RankedRisks ranked(Doubles{4, 3, 2, 1}, patients);
  EXPECT_FALSE(ranked.uno_c(censoring_of(reference), 10));
  EXPECT_EQ(ranked.uno_c(censoring_of(reference), 8), 1) << "tau keeps to what is known: the event at 8 is not before 8";
  EXPECT_FALSE(ranked.uno_c(censoring_of(patients), 2)) << "no event before tau";
}

TEST(Concordance, AHundredThousandPatientsTakeFarLessThanASecond) {
  std::mt19937_64 engine(3);
  Tied large;
  for (int i = 0; i < 100000; ++i) {
    large.risk.push_back(static_cast<double>(engine() % 1000003));
    large.patients.months.push_back(1 + static_cast<double>(engine() % 100000) / 100);
    large.patients.event.push_back(static_cast<char>(engine() % 3 != 0));
  }
  const auto start = std::chrono::steady_clock::now();
  const PairCounts pairs = RankedRisks(large.risk, large.patients).count();
  EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), 5) << "as all pairs would take minutes";
  EXPECT_GT(pairs.concordant + pairs.discordant, 3'000'000'000) << "more than 32 bits hold";
  EXPECT_NEAR(*harrell_c(pairs), 0.5, 0.01);
}

TEST(KaplanMeier, CurveAndLimitsAreThoseOfRAndScikitSurvival) {
  for (const std::string& name : kNames) {
    const Json &set = cases()[name], &r = from_r()[name];
    const auto counts = TimeTable(follow_up(set)).count();
    for (const bool plain : {true, false}) {
      const auto steps = kaplan_meier(counts, plain ? SurvivalLimits::plain : SurvivalLimits::log_log);
      const Json& wanted = r[plain ? "plain" : "log_log"];
      ASSERT_EQ(steps.size(), wanted["t"].size());
      for (std::size_t i = 0; i < steps.size(); ++i) {
        EXPECT_EQ(steps[i].count.at_risk, wanted["n"][i].get<int>());
        expect_near(wanted["s"][i], steps[i].survival, 1e-12, name);
        if (!plain && steps[i].survival == 1) continue;
        expect_same(wanted["low"][i], steps[i].low, 1e-10, name);
        expect_same(wanted["high"][i], steps[i].high, 1e-10, name);
        if (!plain && steps[i].low) expect_near(set["kaplan_meier"]["low"][i], *steps[i].low, 1e-10, name);
        expect_near(set["kaplan_meier"]["lifelines"][i], survival_at(steps, steps[i].count.months), 1e-12, name);
      }
    }
  }
}

TEST(KaplanMeier, MedianAndItsLimitsAreThoseOfR) {
  for (const std::string& name : kNames) {
    const MedianTime median = median_time(kaplan_meier(TimeTable(follow_up(cases()[name])).count()));
    expect_same(from_r()[name]["median"][0], median.months, 1e-12, name);
    expect_same(from_r()[name]["median"][1], median.low, 1e-12, name);
    expect_same(from_r()[name]["median"][2], median.high, 1e-12, name);
    expect_same(cases()[name]["kaplan_meier"]["median"], median.months, 1e-12, name);
  }
}

TEST(KaplanMeier, WithoutEventsTheCurveStaysAtOneAndHasNoMedian) {
  const auto counts = TimeTable(follow_up({4, 9}, {0, 0})).count();
  const auto steps = kaplan_meier(counts);
  EXPECT_EQ(steps.back().survival, 1);
  EXPECT_FALSE(median_time(steps).months);
  EXPECT_EQ(survival_at(steps, 100), 1);
  EXPECT_EQ(at_risk(counts, 4), 2);
  EXPECT_EQ(at_risk(counts, 4.5), 1);
  EXPECT_EQ(at_risk(counts, 10), 0);
}

TEST(KaplanMeier, WhenEverybodyHadTheEventTheCurveEndsAtZeroWithoutLimits) {
  const auto steps = kaplan_meier(TimeTable(follow_up({1, 2, 2}, {1, 1, 1})).count());
  EXPECT_EQ(steps.back().survival, 0);
  EXPECT_FALSE(steps.back().low);
  EXPECT_EQ(median_time(steps).months, 2);
}

TEST(AucOverTime, AreasAndTheirMeanAreThoseOfScikitSurvival) {
  for (const std::string& name : kNames) {
    const Json& set = cases()[name];
    const FollowUp patients = follow_up(set);
    const RisksOverTime risks(doubles(set["risk"]), patients, doubles(set["times"]));
    const auto areas = risks.areas(censoring_of(follow_up(set["reference"])));
    for (std::size_t k = 0; k < areas.size(); ++k) expect_near(set["auc"][k], *areas[k], 1e-12, name);
    expect_near(set["auc_mean"], *mean_area(risks.months(), areas, kaplan_meier(TimeTable(patients).count())), 1e-12, name);
  }
}

TEST(AucOverTime, WithoutCasesOrControlsThereIsNoArea) {
  const FollowUp patients = follow_up({3, 6, 9}, {1, 0, 1});
  const RisksOverTime risks(Doubles{3, 2, 1}, patients, {1, 3, 6, 9});
  const auto areas = risks.areas(censoring_of(patients));
  EXPECT_FALSE(areas[0]);
  EXPECT_EQ(areas[1], 1);
  EXPECT_EQ(areas[2], 1);
  EXPECT_FALSE(areas[3]);
  EXPECT_FALSE(mean_area(risks.months(), areas, kaplan_meier(TimeTable(patients).count())));
  EXPECT_FALSE(risks.areas(censoring_of(follow_up({2}, {0})))[1]) << "a case beyond the reference's follow-up has no weight";
}

TEST(AucOverTime, OfPerfectOrderIsOneAndNeverMore) {
  for (int seed = 1; seed <= 40; ++seed) {
    std::mt19937 engine(static_cast<unsigned>(seed));
    Doubles months, risk;
    std::vector<int> event;
    for (int i = 0; i < 40 + 7 * seed; ++i) {
      months.push_back(1 + static_cast<double>(engine() % 10000) / 100);
      risk.push_back(-months.back());
      event.push_back(engine() % 10 < 7 ? 1 : 0);
    }
    const FollowUp patients = follow_up(months, event);
    const RisksOverTime risks(risk, patients, {20, 40, 60, 80});
    const auto areas = risks.areas(censoring_of(patients));
    for (const auto& area : areas) {
      ASSERT_TRUE(area);
      EXPECT_LE(*area, 1.0);
      EXPECT_NEAR(*area, 1.0, 1e-12);
    }
    EXPECT_LE(*mean_area(risks.months(), areas, kaplan_meier(TimeTable(patients).count())), 1.0);
  }
}

TEST(Brier, ScoresAndTheirIntegralAreThoseOfScikitSurvival) {
  for (const std::string& name : kNames) {
    const Json& set = cases()[name];
    const auto scores = brier_over_time(curves_of(set), follow_up(set), censoring_of(follow_up(set["reference"])));
    for (std::size_t k = 0; k < scores.size(); ++k) expect_near(set["brier"][k], *scores[k], 1e-12, name);
    expect_near(set["ibs"], *integrated_brier(doubles(set["months"]), scores), 1e-12, name);
  }
}

TEST(Brier, HalfForEverybodyScoresAQuarterAndKnowingScoresNothing) {
  const FollowUp patients = follow_up({2, 4, 6, 8}, {1, 1, 1, 1});
  const CensoringCurve censoring = censoring_of(patients);
  const SurvivalCurves half{{5}, {0.5, 0.5, 0.5, 0.5}}, known{{5}, {0, 0, 1, 1}}, late{{8}, {0, 0, 0, 0}};
  EXPECT_EQ(brier_over_time(half, patients, censoring)[0], 0.25);
  EXPECT_EQ(brier_over_time(known, patients, censoring)[0], 0);
  EXPECT_EQ(brier_of_one_curve(Doubles{5}, kaplan_meier(TimeTable(patients).count()), patients, censoring)[0], 0.25);
  EXPECT_FALSE(brier_over_time(late, patients, censoring)[0]) << "nobody was followed beyond month 8";
  EXPECT_FALSE(integrated_brier(half.months, brier_over_time(half, patients, censoring))) << "one time is no span";
}

TEST(Brier, CurvesAreStraightBetweenTheirTimes) {
  const SurvivalCurves curves{{10, 20}, {0.8, 0.4}};
  EXPECT_NEAR(*curves.between(0, 5), 0.9, 1e-15);
  EXPECT_NEAR(*curves.between(0, 10), 0.8, 1e-15);
  EXPECT_NEAR(*curves.between(0, 15), 0.6, 1e-15);
  EXPECT_NEAR(*curves.between(0, 20), 0.4, 1e-15);
  EXPECT_FALSE(curves.between(0, 20.1));
}

TEST(LogRank, TwoAndThreeGroupsAreThoseOfLifelinesAndR) {
  for (const std::string& name : kNames) {
    const Json& set = cases()[name];
    auto group = set["group"].get<std::vector<int>>();
    const LogRank three = log_rank(follow_up(set), group, 3);
    for (int& g : group) g = g > 0;
    const LogRank two = log_rank(follow_up(set), group, 2);
    expect_near(set["log_rank_3"][0], *three.chi_square, 1e-11, name);
    expect_near(set["log_rank_3"][1], *three.p, 1e-11, name);
    expect_near(set["log_rank_2"][0], *two.chi_square, 1e-11, name);
    EXPECT_NEAR(*two.p / set["log_rank_2"][1].get<double>(), 1, 1e-8) << name;
    expect_near(from_r()[name]["log_rank_3"]["chi_square"], *three.chi_square, 1e-11, name);
    for (std::size_t g = 0; g < 3; ++g) {
      expect_near(from_r()[name]["log_rank_3"]["expected"][g], three.groups[g].expected, 1e-11, name);
      EXPECT_EQ(from_r()[name]["log_rank_3"]["observed"][g].get<int>(), three.groups[g].events);
    }
    const LogRank with_empty = log_rank(follow_up(set), group, 4);
    EXPECT_EQ(with_empty.degrees, 1) << "empty groups take no part";
    EXPECT_NEAR(*with_empty.p, *two.p, 1e-15);
  }
}

TEST(LogRank, WhatCannotBeTestedSaysWhy) {
  EXPECT_NE(log_rank(follow_up({1, 2}, {1, 1}), {0, 0}, 2).reason, "");
  EXPECT_NE(log_rank(follow_up({1, 2}, {0, 0}), {0, 1}, 2).reason, "");
  EXPECT_FALSE(log_rank(follow_up({1, 2}, {0, 0}), {0, 1}, 2).p);
  EXPECT_FALSE(log_rank(follow_up({1, 2, 3}, {0, 1, 1}), {0, 1, 1}, 2).p) << "the one group was gone before the first event";
  EXPECT_FALSE(log_rank(follow_up({5, 5}, {1, 1}), {0, 1}, 2).p) << "all have the event at one time";
}

TEST(Cox, CoefficientsErrorsAndLikelihoodsAreThoseOfRLifelinesAndScikitSurvival) {
  for (const std::string& name : kNames) {
    const Json& set = cases()[name];
    for (const bool efron : {true, false}) {
      const CoxFit fit = fit_cox(covariates(set), 2, follow_up(set), {efron ? CoxTies::efron : CoxTies::breslow, 0, 0.95});
      ASSERT_EQ(fit.problem, "");
      const Json& r = from_r()[name]["cox"][efron ? "efron" : "breslow"];
      for (std::size_t k = 0; k < 2; ++k) {
        expect_near(r["coefficient"][k], fit.terms[k].coefficient, 1e-10, name);
        expect_near(r["standard_error"][k], fit.terms[k].standard_error, 1e-10, name);
        expect_near(set[efron ? "cox_efron" : "cox_breslow"]["sksurv"][k], fit.terms[k].coefficient, 1e-8, name);
        if (efron) expect_near(set["cox_efron"]["lifelines"][k], fit.terms[k].coefficient, 1e-6, name);
      }
      expect_near(r["covariance"], fit.covariance[1], 1e-10, name);
      expect_near(r["log_likelihood"][0], fit.null_log_likelihood, 1e-12, name);
      expect_near(r["log_likelihood"][1], fit.log_likelihood, 1e-12, name);
      expect_near(r["likelihood_ratio_p"], *fit.likelihood_ratio_p, 1e-10, name);
      expect_near(r["interval"][0], fit.terms[0].low, 1e-9, name);
      expect_near(r["interval"][1], fit.terms[0].high, 1e-9, name);
    }
  }
}

TEST(Cox, BreslowsBaselineIsTheOneOfR) {
  for (const std::string& name : kNames) {
    const Json& set = cases()[name];
    const CoxFit fit = fit_cox(covariates(set), 2, follow_up(set), {CoxTies::breslow, 0, 0.95});
    const Json& base = from_r()[name]["baseline"];
    ASSERT_EQ(fit.baseline.size(), base["t"].size());
    for (std::size_t i = 0; i < fit.baseline.size(); ++i) expect_near(base["h"][i], fit.baseline[i].cumulated, 1e-9, name);
    const auto middle = fit.baseline[fit.baseline.size() / 2];
    const Doubles shifted = {fit.means[0] + 1, fit.means[1]};
    EXPECT_NEAR(fit.survival(shifted, middle.months), std::exp(-middle.cumulated * std::exp(fit.terms[0].coefficient)), 1e-14);
    EXPECT_EQ(fit.survival(shifted, 0), 1);
  }
}

TEST(Cox, ARidgePullsAsInRAndScikitSurvival) {
  for (const std::string& name : kNames) {
    const Json& set = cases()[name];
    const CoxFit fit = fit_cox(covariates(set), 2, follow_up(set), {CoxTies::breslow, 2.5, 0.95});
    for (std::size_t k = 0; k < 2; ++k) {
      expect_near(from_r()[name]["ridge"][k], fit.terms[k].coefficient, 1e-8, name);
      expect_near(from_r()[name]["ridge_se"][k], fit.terms[k].standard_error, 1e-8, name);
      expect_near(set["cox_ridge"]["sksurv"][k], fit.terms[k].coefficient, 1e-8, name);
    }
    EXPECT_FALSE(fit.likelihood_ratio_p);
  }
}

TEST(Cox, TheLikelihoodIsTheOneOfTheSpecification) {  // times 1 2 2 3 4, theta of the specification as the covariate: its likelihood at 1
  const FollowUp patients = follow_up({1, 2, 2, 3, 4}, {1, 1, 1, 0, 1});
  const Doubles theta = {0.5, -0.2, 0.1, 0.3, -0.4};
  const double strong = 1e9;  // holds the coefficient at 0, so that the null likelihood is all there is
  EXPECT_NEAR(fit_cox(theta, 1, patients, {CoxTies::breslow, strong, 0.95}).null_log_likelihood, -(std::log(5) + 2 * std::log(4)), 1e-12);
  EXPECT_NEAR(fit_cox(theta, 1, patients, {CoxTies::efron, strong, 0.95}).null_log_likelihood, -(std::log(5) + std::log(4) + std::log(3)),
              1e-12);
}

TEST(Cox, AFitThatDoesNotExistIsASentence) {
  const FollowUp patients = follow_up({1, 2, 3, 4, 5, 6}, {1, 1, 1, 1, 0, 1});
  EXPECT_EQ(fit_cox(Doubles{1, 2, 3, 4, 5, 6}, 1, follow_up({1, 2, 3, 4, 5, 6}, {0, 0, 0, 0, 0, 0})).problem, "there is no event");
  EXPECT_NE(fit_cox(Doubles(6, 0.1), 1, patients).problem.find("covariate 1 is constant"), std::string::npos);
  EXPECT_NE(fit_cox(Doubles{1, 2, 2, 4, 1, 2, 5, 10, 3, 6, 2, 4}, 2, patients).problem.find("covariate 2 is constant, or a combination"),
            std::string::npos);
  EXPECT_NE(fit_cox(Doubles{6, 5, 4, 3, 2, 1}, 1, patients).problem.find("without bound"), std::string::npos);
  const CoxFit held = fit_cox(Doubles{6, 5, 4, 3, 2, 1}, 1, patients, {CoxTies::efron, 0.1, 0.95});
  EXPECT_EQ(held.problem, "") << "a ridge bounds it";
  EXPECT_GT(held.terms[0].coefficient, 0);
}

TEST(Cox, UnitsAndOffsetsOfACovariateDoNotMatter) {
  const Json& set = cases()["ties"];
  Doubles far;
  for (const double risk : doubles(set["risk"])) far.push_back(1e6 + 1e-3 * risk);
  const CoxFit near = fit_cox(doubles(set["risk"]), 1, follow_up(set)), moved = fit_cox(far, 1, follow_up(set));
  ASSERT_EQ(moved.problem, "");
  EXPECT_NEAR(moved.terms[0].coefficient / 1000, near.terms[0].coefficient, 1e-5);
  EXPECT_NEAR(moved.log_likelihood, near.log_likelihood, 1e-6);
}

TEST(SurvivalCalibration, ObservedIsTheKaplanMeierOfEachGroup) {
  const Json& set = cases()["ties"];
  const FollowUp patients = follow_up(set);
  const SurvivalCurves curves = curves_of(set);
  Doubles predicted;
  for (std::size_t r = 0; r < patients.size(); ++r) predicted.push_back(curves.at(r, 2));
  const auto groups = calibration_at(predicted, patients, 24, 4);
  ASSERT_EQ(groups.size(), 4U);
  double n = 0, before = 0;
  for (const HorizonGroup& group : groups) {
    EXPECT_NEAR(static_cast<double>(group.n), 37.5, 6);
    EXPECT_GT(group.predicted, before);
    EXPECT_LE(*group.low, *group.observed);
    EXPECT_LE(*group.observed, *group.high);
    before = group.predicted;
    n += static_cast<double>(group.n);
  }
  EXPECT_EQ(n, 150);
  std::vector<std::size_t> lowest;
  Doubles sorted = predicted;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t r = 0; r < predicted.size(); ++r)
    if (predicted[r] <= sorted[static_cast<std::size_t>(groups[0].n) - 1]) lowest.push_back(r);
  EXPECT_NEAR(*groups[0].observed, survival_at(kaplan_meier(TimeTable(patients.select(lowest)).count()), 24), 1e-15);
  EXPECT_GT(*horizon_error(groups), 0);
}

TEST(SurvivalCalibration, AGroupThatNobodyFollowedHasNoObservation) {
  const auto groups = calibration_at(Doubles{0.2, 0.2, 0.9, 0.9}, follow_up({3, 30, 4, 5}, {1, 0, 1, 0}), 12, 2);
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0].observed, 0.5);
  EXPECT_FALSE(groups[1].observed);
  EXPECT_FALSE(horizon_error(groups));
  EXPECT_FALSE(horizon_error({}));
}

TEST(SurvivalCalibration, DCalibrationIsItsDefinition) {
  for (const std::string& name : kNames) {
    const Json& set = cases()[name];
    const DCalibration got = d_calibration(curves_of(set), follow_up(set));
    expect_near(set["d_calibration"]["chi_square"], *got.chi_square, 1e-11, name);
    expect_near(set["d_calibration"]["p"], *got.p, 1e-11, name);
    for (std::size_t b = 0; b < got.share.size(); ++b) expect_near(set["d_calibration"]["share"][b], got.share[b], 1e-12, name);
  }
  EXPECT_NE(d_calibration({}, follow_up({1}, {1})).reason, "");
  EXPECT_NE(d_calibration({{12}, {0.5}}, follow_up({1}, {0})).reason, "");
}

}  // namespace
}  // namespace microtome
