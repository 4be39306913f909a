// SPDX-License-Identifier: Apache-2.0
// What a reader learns: how many bags are in hand at once, in what order results and failures come, and what a signal does.
#include "pipeline/bag_scoring.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <thread>

#include "mil/bag_file.h"
#include "mil/model_error.h"
#include "pipeline/machine/interrupt.h"
#include "tests/support/expect_error.h"
#include "tests/support/temp_dir.h"

namespace microtome {
namespace {

/// Says the bag's first feature; `before` is called with it first.
class FakeModel final : public SlideModel {
 public:
  const ModelCard& card() const override { return card_; }
  const std::string& sha256() const override { return sha256_; }
  std::string name() const override { return "fake"; }
  Prediction predict(const Bag& bag, const std::vector<TableRow>&) const override {
    const int now = ++working_;
    {
      const std::lock_guard lock(mutex_);
      most_ = std::max(most_, now);
      seen_.push_back(bag.slide_id);
    }
    if (before) before(static_cast<int>(bag.features[0]));
    --working_;
    Prediction prediction;
    prediction.probabilities = {bag.features[0], 1.0 - bag.features[0]};
    return prediction;
  }
  std::function<void(int)> before;
  int most() const { return most_; }
  std::size_t seen() const { return seen_.size(); }

 private:
  ModelCard card_;
  std::string sha256_;
  mutable std::atomic<int> working_{0};
  mutable std::mutex mutex_;
  mutable int most_ = 0;
  mutable std::vector<std::string> seen_;
};

/// A simpler model of survival: ten times the bag's first feature.
class FakeRung final : public SlideModel {
 public:
  FakeRung() { card_.survival.emplace(); }
  const ModelCard& card() const override { return card_; }
  const std::string& sha256() const override { return sha256_; }
  std::string name() const override { return "rung"; }
  Prediction predict(const Bag& bag, const std::vector<TableRow>&) const override {
    if (bag.features[0] == 7.0F && fails) throw BagError("the rung: fails");
    Prediction prediction;
    prediction.survival.emplace();
    prediction.survival->risk = 10 * bag.features[0];
    return prediction;
  }
  bool fails = false;

 private:
  ModelCard card_;
  std::string sha256_;
};

class BagScoringTest : public ::testing::Test {
 protected:
  BagScoringTest() {
    for (int i = 0; i < 12; ++i) bags.push_back(written(i));
  }
  ~BagScoringTest() override { pretend_signal(0); }

  BagToScore written(int i) {
    Bag bag;
    bag.slide_id = "s" + std::to_string(i);
    bag.feature_dim = 2;
    bag.features = {static_cast<float>(i), 0};
    bag.coords = {0, 0};
    BagFacts facts;
    facts.tile_px = 256;
    facts.mpp = facts.target_mpp = 0.5;
    facts.side_level0 = 256;
    const auto path = dir / (bag.slide_id + ".h5");
    write_bag_file(path, bag, facts, FeatureType::float32);
    return {{bag.slide_id, "", ""}, path, 1, 2};
  }
  BagScores score(const ScoringRoom& room) { return score_bags(model, nullptr, bags, room, *make_progress("none")); }

  /// While the first bag is being scored, the files of the others go: which bag is the first that had not been read yet?
  std::size_t first_not_in_hand(const ScoringRoom& room, std::chrono::milliseconds patience) {
    for (int i = 0; i < 12; ++i) written(i);
    model.before = [&](int i) {
      if (i != 0) return;
      std::this_thread::sleep_for(patience);
      for (const BagToScore& bag : bags) std::filesystem::remove(bag.path);
    };
    const std::string sentence = sentence_of<BagError>([&] { score(room); });
    for (std::size_t i = 0; i < bags.size(); ++i)
      if (sentence.find(bags[i].path.string() + ": open as HDF5: there is no such file") == 0) return i;
    ADD_FAILURE() << sentence;
    return 0;
  }

  TempDir dir;
  std::vector<BagToScore> bags;
  FakeModel model;
};

TEST_F(BagScoringTest, ResultsComeInTheOrderGivenWhateverTheThreads) {
  for (const int threads : {1, 4}) {
    model.before = [](int i) { std::this_thread::sleep_for(std::chrono::milliseconds(12 - i)); };
    const BagScores scores = score({threads, 0});
    ASSERT_EQ(scores.probabilities.size(), 12U);
    EXPECT_FALSE(scores.stopped);
    for (std::size_t i = 0; i < 12; ++i) EXPECT_EQ(scores.probabilities[i][0], static_cast<double>(i));
  }
  EXPECT_LE(model.most(), 4);
}

TEST_F(BagScoringTest, TheRungsOfALadderAnswerForTheBagInHand) {
  const auto rung = std::make_shared<FakeRung>();
  std::vector<Competitor> competitors;
  competitors.emplace_back("slides", rung, model.card(), "model");
  const AskedLadder ladder(model, std::move(competitors), {});
  const auto progress = make_progress("none");
  model.before = [&](int i) { std::filesystem::remove(bags[static_cast<std::size_t>(i)].path); };  // it was read for all of them
  const BagScores scores = score_bags(model, nullptr, bags, {2, 0}, *progress, &ladder);
  for (std::size_t i = 0; i < 12; ++i) EXPECT_EQ(scores.ladder[i], std::vector<double>{10.0 * static_cast<double>(i)});
  for (int i = 0; i < 12; ++i) written(i);
  rung->fails = true;
  EXPECT_EQ(sentence_of<BagError>([&] { score_bags(model, nullptr, bags, {2, 0}, *progress, &ladder); }), bags[7].path.string() + ": the rung: fails");
}

TEST_F(BagScoringTest, BagsInHandAreThreadsAndTwoMore) {
  std::size_t first = 0;
  for (int patience = 50; patience < 4000 && first < 3; patience *= 2) {  // a busy machine reads late
    first = first_not_in_hand({1, 0}, std::chrono::milliseconds(patience));
    ASSERT_LE(first, 3U);
  }
  EXPECT_EQ(first, 3U);
}

TEST_F(BagScoringTest, AMemoryLimitLowersIt) {
  EXPECT_EQ(bags[0].bytes(), 8 + 16 + 8);
  EXPECT_EQ(first_not_in_hand({1, bags[0].bytes()}, std::chrono::milliseconds(50)), 1U);
  EXPECT_LE(first_not_in_hand({1, 2 * bags[0].bytes()}, std::chrono::milliseconds(50)), 2U);
  EXPECT_EQ(first_not_in_hand({1, 1}, std::chrono::milliseconds(50)), 1U);  // none fits: one at a time
}

TEST_F(BagScoringTest, OfSeveralFailuresTheEarliestBagsIsTold) {
  for (int round = 0; round < 20; ++round) {
    model.before = [](int i) {
      if (i == 3) std::this_thread::sleep_for(std::chrono::milliseconds(5));  // fails later than the fourth
      if (i >= 3) throw BagError("the bag: fails");
    };
    EXPECT_EQ(sentence_of<BagError>([&] { score({4, 0}); }), bags[3].path.string() + ": the bag: fails");
  }
}

TEST_F(BagScoringTest, ABagThatCannotBeReadFailsAfterThoseBeforeIt) {
  write_text(bags[5].path, "no bag");
  EXPECT_EQ(sentence_of<BagError>([&] { score({2, 0}); }).find(bags[5].path.string() + ": open as HDF5: "), 0U);
  EXPECT_EQ(model.seen(), 5U);
}

TEST_F(BagScoringTest, ASignalEndsItWhenTheBagsInWorkAreDone) {
  for (const int stop : {SIGTERM, SIGINT}) {
    const std::size_t before = model.seen();
    model.before = [stop](int i) {
      if (i == 2) pretend_signal(stop);
    };
    EXPECT_TRUE(score({1, 0}).stopped);
    EXPECT_EQ(model.seen() - before, 3U);
    pretend_signal(0);
  }
}

}  // namespace
}  // namespace microtome
