// SPDX-License-Identifier: Apache-2.0
// A reader learns: what an epoch shows, how often and in which order; what the random numbers are distributed like; what a grid spells out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <vector>

#include "mil/model_error.h"
#include "mil/training/grid.h"
#include "mil/training/sampling.h"

namespace microtome {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// 90 slides of class 0, 10 of class 1.
std::vector<TrainingSlide> uneven() {
  std::vector<TrainingSlide> slides(100);
  for (std::size_t i = 90; i < 100; ++i) slides[i].label = 1;
  return slides;
}

int label_of(const TrainingSlide& slide) { return slide.label; }

std::vector<const TrainingSlide*> pointers(const std::vector<TrainingSlide>& slides) {
  std::vector<const TrainingSlide*> all;
  for (const TrainingSlide& slide : slides) all.push_back(&slide);
  return all;
}

int of_class_1(const std::vector<const TrainingSlide*>& order) {
  return static_cast<int>(std::count_if(order.begin(), order.end(), [](const TrainingSlide* slide) { return slide->label == 1; }));
}

TEST(Sampling, ShuffledShowsEachSlideOnceInAnotherOrderEachEpoch) {
  const auto slides = uneven();
  Engine first = engine_of(7, 1, 1), again = engine_of(7, 1, 1), second = engine_of(7, 1, 2);
  const auto order = epoch_order(pointers(slides), "shuffled", label_of, first);
  EXPECT_EQ(std::set<const TrainingSlide*>(order.begin(), order.end()).size(), 100U);
  EXPECT_EQ(epoch_order(pointers(slides), "shuffled", label_of, again), order);
  EXPECT_NE(epoch_order(pointers(slides), "shuffled", label_of, second), order);
}

TEST(Sampling, WeightedShowsClassesAlikeAndEverySlideOfAClassAlike) {
  const auto slides = uneven();
  Engine engine = engine_of(7, 1, 1);
  std::map<const TrainingSlide*, int> seen;
  int rare = 0;
  for (int epoch = 0; epoch < 200; ++epoch) {
    const auto order = epoch_order(pointers(slides), "weighted", label_of, engine);
    EXPECT_EQ(order.size(), 100U);
    rare += of_class_1(order);
    for (const TrainingSlide* slide : order) ++seen[slide];
  }
  EXPECT_NEAR(rare, 10000, 4 * std::sqrt(20000 * 0.25)) << "four standard deviations of a binomial";
  double chi = 0;  // ten slides, a thousandth of the draws each
  for (std::size_t i = 90; i < 100; ++i) chi += std::pow(seen[&slides[i]] - rare / 10.0, 2) / (rare / 10.0);
  EXPECT_LT(chi, 33.7) << "p above 1e-4 with 9 degrees of freedom";
}

TEST(Sampling, StratifiedTakesTurns) {
  const auto slides = uneven();
  Engine engine = engine_of(7, 1, 1);
  const auto order = epoch_order(pointers(slides), "stratified", label_of, engine);
  ASSERT_EQ(order.size(), 100U);
  for (std::size_t i = 0; i < order.size(); ++i) EXPECT_EQ(order[i]->label, static_cast<int>(i % 2)) << i;
  EXPECT_EQ(std::set<const TrainingSlide*>(order.begin(), order.end()).size(), 60U) << "the ten of the small class five times each";
}

TEST(Sampling, TilesAreDroppedOneByOneAndDrawnWithoutReplacement) {
  Engine engine = engine_of(7, 1, 1);
  EXPECT_TRUE(sampled_tiles(1000, 0, 0, engine).empty()) << "all of them";
  EXPECT_TRUE(sampled_tiles(1000, 0, 1000, engine).empty());
  const auto most = sampled_tiles(1000, 0, 64, engine);
  EXPECT_EQ(most.size(), 64U);
  EXPECT_TRUE(std::is_sorted(most.begin(), most.end()));
  EXPECT_EQ(std::set<std::int64_t>(most.begin(), most.end()).size(), 64U);
  EXPECT_NEAR(static_cast<double>(sampled_tiles(10000, 0.25, 0, engine).size()), 7500, 4 * std::sqrt(10000 * 0.1875));
  EXPECT_EQ(sampled_tiles(1, 0.999, 0, engine).size(), 1U) << "one stays";
}

TEST(Sampling, BetaHasItsMomentsBelowAndAboveOne) {
  for (const double alpha : {0.3, 1.0, 4.0}) {
    Engine engine = engine_of(7, 1, 1);
    double sum = 0, squares = 0;
    constexpr int draws = 20000;
    for (int i = 0; i < draws; ++i) {
      const double x = beta(alpha, engine);
      ASSERT_TRUE(x >= 0 && x <= 1);
      sum += x;
      squares += x * x;
    }
    const double mean = sum / draws, variance = squares / draws - mean * mean;
    EXPECT_NEAR(mean, 0.5, 0.015) << alpha;
    EXPECT_NEAR(variance, 1 / (4 * (2 * alpha + 1)), 0.006) << alpha;
  }
}

TEST(Grid, SpellsOutEveryCombinationTheLastKeyFastest) {
  TrainSettings settings;
  settings.grid = "learning_rate = 1e-4, 2e-4; dropout=0,0.5";
  std::vector<std::string> texts;
  for (const GridPoint& point : grid_points(settings)) texts.push_back(point.text);
  EXPECT_THAT(texts, ElementsAre("learning_rate=1e-4 dropout=0", "learning_rate=1e-4 dropout=0.5", "learning_rate=2e-4 dropout=0",
                                 "learning_rate=2e-4 dropout=0.5"));
  EXPECT_EQ(grid_points(settings)[3].settings.learning_rate, 2e-4);
  EXPECT_EQ(grid_points(settings)[3].settings.dropout, 0.5);
  settings.grid.clear();
  EXPECT_EQ(grid_points(settings).size(), 1U);
}

TEST(Grid, WhatItCannotReadIsNamed) {
  const auto sentence = [](const std::string& grid) {
    TrainSettings settings;
    settings.grid = grid;
    try {
      grid_points(settings);
    } catch (const ModelError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(sentence("epochs=3"), HasSubstr("keys among accumulate, attention_dim, bag_dropout"));
  EXPECT_THAT(sentence("epochs=3"), HasSubstr("found 'epochs=3'"));
  EXPECT_THAT(sentence("dropout=half"), HasSubstr("found the number 'half'"));
  EXPECT_THAT(sentence("dropout"), HasSubstr("found 'dropout'"));
  EXPECT_THAT(sentence("accumulate=1.5"), HasSubstr("found '1.5' for accumulate, which takes whole numbers"));
  EXPECT_EQ(sentence("accumulate=1,0"), "the grid 'accumulate=1,0': settings that can be trained with were wanted: accumulate: 1 or more was wanted: it is 0");
  EXPECT_THAT(sentence("dropout=0.2,1"), HasSubstr("dropout: from 0 to below 1 was wanted: it is 1"));
}

}  // namespace
}  // namespace microtome
