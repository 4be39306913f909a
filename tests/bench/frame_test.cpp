// SPDX-License-Identifier: Apache-2.0
// What a benchmark's line says, and when its program fails.
#include "tests/bench/frame.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

#include "tests/support/expect_error.h"

namespace microtome {
namespace {

BenchRow row(const std::string& name, std::vector<double> values, std::string* order = nullptr, const std::string& wrong = "") {
  BenchRow result;
  result.name = name;
  result.verify = [wrong] { return wrong; };
  result.run = [=, next = std::size_t{0}]() mutable {
    if (order) *order += name;
    return values[next++ % values.size()];
  };
  return result;
}

struct Printed {
  bool right = false;
  std::vector<nlohmann::json> lines;
};

Printed printed(const BenchCase& work, const BenchOptions& options = {}) {
  std::stringstream lines, progress;
  Printed result;
  result.right = run_case(work, options, lines, progress);
  for (std::string line; std::getline(lines, line);) result.lines.push_back(nlohmann::json::parse(line));
  return result;
}

BenchOptions options_of(std::vector<std::string> words) {
  std::vector<char*> argv{const_cast<char*>("bench")};
  for (std::string& word : words) argv.push_back(word.data());
  return parse_bench_options(static_cast<int>(argv.size()), argv.data());
}

TEST(BenchFrame, RatiosAreMediansOfPairsNotRatiosOfMedians) {
  // the ratio of the medians would be 3 / 20; pair by pair it is 1/10, 3/2, 50/100
  const Printed result = printed(
      {"read", "c", "tiles/s", "floor", "rival", 3, {row("ours", {1, 3, 50}), row("floor", {10, 2, 100}), row("rival", {2, 6, 100})}});
  ASSERT_EQ(result.lines.size(), 3u);
  EXPECT_EQ(result.lines[0]["value"], 3);
  EXPECT_EQ(result.lines[0]["of_floor"], 0.5);
  EXPECT_EQ(result.lines[0]["of_rival"], 0.5);
  EXPECT_EQ(result.lines[0]["runs"], 3);
  EXPECT_EQ(result.lines[0]["spread"], 8.167);  // quartiles 2 and 26.5
}

TEST(BenchFrame, RowsTakeTurnsForwardsThenBackwards) {
  std::string order;
  EXPECT_TRUE(printed({"read", "c", "s", "", "", 2, {row("a", {1}, &order), row("b", {1}, &order), row("c", {1}, &order)}}).right);
  EXPECT_EQ(order, "abccba");
}

TEST(BenchFrame, ARowThatDiffersIsSaidAndNotTimed) {
  std::string order;
  const Printed result = printed({"read", "c", "s", "b", "", 2, {row("a", {1}, &order, "tile 3 differs"), row("b", {1}, &order)}});
  EXPECT_FALSE(result.right);
  EXPECT_EQ(order, "bb");
  EXPECT_EQ(result.lines[0]["ok"], false);
  EXPECT_EQ(result.lines[0]["why"], "tile 3 differs");
  EXPECT_TRUE(result.lines[0]["value"].is_null());
  EXPECT_TRUE(result.lines[0]["of_floor"].is_null());
  EXPECT_EQ(result.lines[1]["ok"], true);
}

TEST(BenchFrame, ARowThatThrowsOrHasNoValueIsNotRight) {
  BenchRow thrower = row("a", {1});
  thrower.run = []() -> double { throw std::runtime_error("the disk is full"); };
  const Printed result = printed({"read", "c", "s", "", "a", 2, {thrower, row("b", {0})}});
  EXPECT_FALSE(result.right);
  EXPECT_EQ(result.lines[0]["why"], "the disk is full");
  EXPECT_EQ(result.lines[1]["why"], "its value is 0");
  EXPECT_TRUE(result.lines[1]["of_rival"].is_null());
}

TEST(BenchFrame, VerifyingOnlyRunsNothing) {
  std::string order;
  const Printed result = printed({"read", "c", "s", "", "", 2, {row("a", {1}, &order)}}, options_of({"--verify-only"}));
  EXPECT_TRUE(result.right);
  EXPECT_EQ(order, "");
  EXPECT_TRUE(result.lines[0]["value"].is_null());
  EXPECT_EQ(result.lines[0]["runs"], 0);
}

TEST(BenchFrame, OptionsChooseCasesAndRuns) {
  const BenchOptions options = options_of({"--case", "half", "--runs", "9"});
  EXPECT_EQ(options.runs, 9);
  EXPECT_TRUE(is_wanted(options, "jpeg2000-half"));
  EXPECT_FALSE(is_wanted(options, "residual"));
}

TEST(BenchFrame, OptionsChooseTheWorkOfARoundAndItsDevice) {
  const BenchOptions options = options_of({"--tiles", "2000", "--bags", "50", "--device", "cuda:1"});
  EXPECT_EQ(options.tiles, 2000);
  EXPECT_EQ(options.bags, 50);
  EXPECT_EQ(options.device, "cuda:1");
  EXPECT_EQ(options_of({}).tiles, std::nullopt);
  EXPECT_EQ(options_of({}).device, "cpu");
}

TEST(BenchFrame, WrongOptionsAreSentences) {
  const auto sentence = [](std::vector<std::string> words) {
    return sentence_of<std::invalid_argument>([&] { options_of(std::move(words)); });
  };
  EXPECT_EQ(sentence({"--fast"}), "'--fast' is no option: there are --verify-only, --case TEXT, --rows A,B, --runs N, --tiles N, --bags N and --device NAME");
  EXPECT_EQ(sentence({"--runs", "none"}), "--runs: wanted a number from 1 on, got 'none'");
  EXPECT_EQ(sentence({"--tiles", "0"}), "--tiles: wanted a number from 1 on, got '0'");
  EXPECT_EQ(sentence({"--runs"}), "--runs: wanted a value after it");
}

}  // namespace
}  // namespace microtome
