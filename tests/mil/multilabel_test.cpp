// SPDX-License-Identifier: Apache-2.0
// Measures of several yes/no labels against scikit-learn (golden/multilabel.json), and what an unknown answer takes part in: nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>

#include "mil/evaluation/classification.h"
#include "mil/evaluation/multilabel/multilabel_measures.h"

namespace microtome {
namespace {

using Json = nlohmann::json;

const Json& cases() {
  static const Json all = [] {
    std::ifstream file(std::string(MICROTOME_GOLDEN) + "/multilabel.json");
    return Json::parse(file);
  }();
  return all;
}

/// A set of the golden file, decided at 0.5; `scores` names its column of probabilities.
JudgedLabels labels_of(const std::string& name, const std::string& scores = "p") {
  const Json& set = cases().at(name);
  JudgedLabels out;
  out.names = set["names"].get<std::vector<std::string>>();
  out.known = set["y"].get<std::vector<int>>();
  out.probability = set[scores].get<std::vector<double>>();
  std::map<int, int> renumbered;
  for (const int id : set["patient"].get<std::vector<int>>())
    out.patient.push_back(renumbered.emplace(id, static_cast<int>(renumbered.size())).first->second);
  decide_labels(out, 0.5);
  return out;
}

void put_folds(JudgedLabels& judged, int folds) {
  judged.fold.clear();
  for (const int patient : judged.patient) judged.fold.push_back(patient % folds);
}

const Metric& named(const std::vector<Metric>& metrics, const std::string& name) {
  for (const Metric& m : metrics)
    if (m.name == name) return m;
  throw std::out_of_range(name);
}

/// Two labels, "a" and "b"; answers and probabilities row by row, a patient each.
JudgedLabels small(std::vector<int> known, std::vector<double> probability) {
  JudgedLabels out;
  out.names = {"a", "b"};
  out.known = std::move(known);
  out.probability = std::move(probability);
  for (int p = 0; p < static_cast<int>(out.known.size() / 2); ++p) out.patient.push_back(p);
  return out;
}

TEST(Multilabel, EveryMeasureIsTheOneOfScikitLearn) {
  for (const char* name : {"complete", "gaps", "single"})
    for (const auto& [scores, wanted] : {std::pair("p", "values"), std::pair("p2", "values2")}) {
      const auto values = MultilabelMeasures(labels_of(name, scores)).values();
      const Json& golden = cases()[name][wanted];
      ASSERT_EQ(golden.size(), values.size());
      for (std::size_t k = 0; k < values.size(); ++k) {
        const std::string& measure = MultilabelMeasures::names()[k];
        ASSERT_TRUE(values[k]) << measure;
        EXPECT_NEAR(golden.at(measure).get<double>(), *values[k], 1e-10) << name << " " << scores << " " << measure;
      }
    }
}

TEST(Multilabel, ALabelIsJudgedOverItsKnownRows) {
  for (const char* name : {"complete", "gaps", "single"}) {
    const JudgedLabels judged = labels_of(name);
    const Json& wanted = cases()[name]["labels"];
    for (std::size_t l = 0; l < judged.labels(); ++l) {
      const Judged label = judged.of_label(l);
      if (!wanted.contains(judged.names[l])) {
        EXPECT_EQ(why_not_judged(label), "every known answer is no");
        continue;
      }
      const Json& golden = wanted.at(judged.names[l]);
      EXPECT_EQ(label.rows(), golden["n"].get<std::size_t>());
      EXPECT_EQ(std::count(label.label.begin(), label.label.end(), 1), golden["events"].get<int>());
      const auto values = ClassificationMeasures(label).values();
      EXPECT_NEAR(golden["auc"].get<double>(), *values[0], 1e-12);
      EXPECT_NEAR(golden["auprc"].get<double>(), *values[1], 1e-12);
      EXPECT_EQ(label.patients(), static_cast<int>(std::set<int>(label.patient.begin(), label.patient.end()).size()))
          << "numbered without gaps";
    }
  }
}

TEST(Multilabel, AWeightIsTheRowWrittenOutThatOften) {
  const JudgedLabels judged = labels_of("gaps");
  std::vector<int> weight;
  std::vector<std::size_t> rows;
  for (std::size_t r = 0; r < judged.rows(); ++r) {
    weight.push_back(static_cast<int>((r * 7) % 4));
    rows.insert(rows.end(), static_cast<std::size_t>(weight.back()), r);
  }
  const auto a = MultilabelMeasures(judged).values(weight), b = MultilabelMeasures(judged.select(rows)).values();
  for (std::size_t k = 0; k < a.size(); ++k) EXPECT_NEAR(*a[k], *b[k], 1e-12) << MultilabelMeasures::names()[k];
}

TEST(Multilabel, AMeanOverLabelsIsNothingWhereAWeightingTakesOneOfThemAway) {
  JudgedLabels judged = small({1, 1, 0, 0, 1, 0, 0, 0}, {0.9, 0.8, 0.2, 0.4, 0.7, 0.1, 0.3, 0.2});
  decide_labels(judged, 0.5);
  const MultilabelMeasures measures(judged);
  EXPECT_EQ(measures.values()[0], 1);
  const auto without_b = measures.values(std::vector<int>{0, 1, 2, 1});  // b has one answer left; its loss must not change what is averaged
  for (std::size_t k = 0; k < 6; ++k) EXPECT_FALSE(without_b[k]) << MultilabelMeasures::names()[k];
  EXPECT_TRUE(without_b[6]);
  EXPECT_EQ(without_b[9], 1) << "exact match has a value all the same";
}

TEST(Multilabel, OneAnswerOnlyIsLeftOutOfTheMeansAndNamed) {
  const auto metrics = measure_multilabel(labels_of("single"), {200, 0, 0.95});
  EXPECT_EQ(named(metrics, "macro_auc").note.find("without TP53: not judged"), 0U);
  EXPECT_EQ(named(metrics, "micro_auc").note.find("TP53"), std::string::npos);
  EXPECT_EQ(named(metrics, "macro_auc").n, 50);
  EXPECT_EQ(named(metrics, "exact_match").n, 40);
  EXPECT_EQ(named(metrics, "hamming_loss").n, 140);
  const auto unknown = measures_without_value(labels_of("single").of_label(2), "because");
  EXPECT_EQ(unknown.size(), 17U);
  for (const Metric& m : unknown) {
    EXPECT_FALSE(m.value) << m.name;
    EXPECT_EQ(m.interval.reason, "because");
    EXPECT_EQ(m.n, 40);
    EXPECT_EQ(m.events, 0);
  }
}

TEST(Multilabel, WhatDoesNotExistSaysWhy) {
  JudgedLabels judged = small({0, kUnknown, kUnknown, 0, 0, kUnknown}, {0.1, 0.1, 0.2, 0.1, 0.3, 0.1});
  decide_labels(judged, 0.5);
  const auto metrics = measure_multilabel(judged, {100, 0, 0.95});
  EXPECT_EQ(named(metrics, "macro_auc").interval.reason, "no label has rows of both answers");
  EXPECT_EQ(named(metrics, "micro_auc").interval.reason, "all known answers are the same");
  EXPECT_EQ(named(metrics, "micro_f1").interval.reason, "no known answer is yes and none was called yes");
  EXPECT_EQ(named(metrics, "exact_match").interval.reason, "no row has all of its answers known");
  EXPECT_EQ(named(metrics, "hamming_loss").value, 0);
  EXPECT_EQ(why_not_judged(judged.of_label(1)), "every known answer is no");
  EXPECT_EQ(why_not_judged(small({1, kUnknown}, {0.5, 0.5}).of_label(1)), "no row has a known answer");
}

TEST(Multilabel, ThresholdsComeFromTheOtherFoldsOfEachLabel) {
  // a: fold 0 tells its answers apart at 0.35, fold 1 at 0.75; b knows fold 1 alone.
  JudgedLabels judged = small({0, -1, 1, -1, 0, 0, 1, 1}, {0.3, 0.9, 0.4, 0.9, 0.7, 0.2, 0.8, 0.9});
  judged.fold = {0, 0, 1, 1};
  const auto rules = decide_labels(judged, std::nullopt);
  EXPECT_EQ(rules[0].folds, (std::vector<int>{0, 1}));
  EXPECT_NEAR(rules[0].thresholds[0], 0.75, 1e-15);
  EXPECT_NEAR(rules[0].thresholds[1], 0.35, 1e-15);
  EXPECT_EQ(rules[1].thresholds, (std::vector<double>{0.5}));
  EXPECT_EQ(judged.decision, (std::vector<int>{0, -1, 0, -1, 1, 0, 1, 1}));
}

TEST(Multilabel, IntervalsHoldTheValueAndComeFromTheSameResamples) {
  JudgedLabels judged = labels_of("gaps");
  put_folds(judged, 3);
  const auto a = measure_multilabel(judged, {300, 5, 0.95}), b = measure_multilabel(judged, {300, 5, 0.95}),
             other = measure_multilabel(judged, {300, 6, 0.95});
  for (std::size_t k = 0; k < a.size(); ++k) {
    ASSERT_TRUE(a[k].interval.low) << a[k].name << a[k].interval.reason;
    EXPECT_LT(*a[k].interval.low, *a[k].value) << a[k].name;
    EXPECT_GT(*a[k].interval.high, *a[k].value) << a[k].name;
    EXPECT_EQ(a[k].interval.low, b[k].interval.low);
    EXPECT_FALSE(a[k].events) << "which label's?";
  }
  EXPECT_NE(a[0].interval.low, other[0].interval.low);
}

TEST(Multilabel, PatientsAreDrawnOnceForAllLabelsWithinTheirFold) {
  // Label b repeats a: drawn together the mean over both scatters as a alone does; drawn apart it would scatter less.
  const JudgedLabels gaps = labels_of("complete");
  JudgedLabels one;
  JudgedLabels twice;
  one.names = {"a"};
  twice.names = {"a", "b"};
  one.patient = twice.patient = gaps.patient;
  for (std::size_t r = 0; r < gaps.rows(); ++r) {
    const std::size_t at = gaps.at(r, 0);
    one.known.push_back(gaps.known[at]);
    one.probability.push_back(gaps.probability[at]);
    twice.known.insert(twice.known.end(), 2, gaps.known[at]);
    twice.probability.insert(twice.probability.end(), 2, gaps.probability[at]);
  }
  decide_labels(one, 0.5);
  decide_labels(twice, 0.5);
  const Metric a = measure_multilabel(one, {200, 0, 0.95})[0], b = measure_multilabel(twice, {200, 0, 0.95})[0];
  EXPECT_EQ(a.value, b.value);
  EXPECT_EQ(a.interval.low, b.interval.low);
  EXPECT_EQ(a.interval.high, b.interval.high);
}

TEST(Multilabel, FoldMeansAverageTheFolds) {
  JudgedLabels judged = labels_of("complete");
  EXPECT_TRUE(measure_multilabel_fold_means(judged, {200, 0, 0.95}).empty());
  put_folds(judged, 3);
  const auto means = measure_multilabel_fold_means(judged, {200, 0, 0.95});
  for (std::size_t k = 0; k < means.size(); ++k) {
    double sum = 0;
    for (int f = 0; f < 3; ++f) sum += *MultilabelMeasures(judged.select(judged.rows_of_fold(f))).values()[k];
    EXPECT_NEAR(*means[k].value, sum / 3, 1e-12) << means[k].name;
  }
  EXPECT_LT(*means[0].interval.low, *means[0].value);
}

TEST(Multilabel, TwoModelsDifferByWhatTheyScore) {
  const auto got = compare_multilabel(labels_of("gaps"), labels_of("gaps", "p2"), {300, 0, 0.95});
  ASSERT_EQ(got.difference.size(), 10U);
  for (std::size_t k = 0; k < got.difference.size(); ++k) {
    const std::string& name = got.difference[k].name;
    EXPECT_NEAR(*got.one[k].value, cases()["gaps"]["values"].at(name).get<double>(), 1e-10) << name;
    EXPECT_NEAR(*got.other[k].value, cases()["gaps"]["values2"].at(name).get<double>(), 1e-10) << name;
    EXPECT_NEAR(*got.difference[k].value, *got.one[k].value - *got.other[k].value, 1e-14) << name;
    EXPECT_TRUE(got.difference[k].interval.low) << name;
  }
  for (const Metric& m : compare_multilabel(labels_of("gaps"), labels_of("gaps"), {200, 0, 0.95}).difference)
    EXPECT_EQ(m.value, 0) << m.name;
}

}  // namespace
}  // namespace microtome
