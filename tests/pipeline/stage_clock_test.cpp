// SPDX-License-Identifier: Apache-2.0
// What a reader learns: what the closing table says, and how durations are spoken.
#include "pipeline/stage_clock.h"

#include <gtest/gtest.h>

#include "pipeline/progress.h"

namespace microtome {
namespace {

TEST(StageClock, NamesTheNodeThatWorkedLongest) {
  StageClock clock;
  {
    const StageClock::Scope scope(clock, Node::encode, {});
    const auto until = StageClock::Clock::now() + std::chrono::milliseconds(5);
    while (StageClock::Clock::now() < until) {
    }
  }
  { const StageClock::Scope scope(clock, Node::read, StageClock::Clock::now()); }
  EXPECT_EQ(clock.bound(), Node::encode);
  EXPECT_EQ(clock.row(Node::encode).calls, 1);
  EXPECT_GE(clock.row(Node::encode).worked_seconds, 0.005);
  EXPECT_EQ(clock.row(Node::encode).waited_seconds, 0);
  const std::string table = clock.table(0.01, 1);
  for (const char* node : {"archive", "survey", "pack", "read", "encode", "gather", "conclude", "publish", "bound by encode"}) {
    EXPECT_NE(table.find(node), std::string::npos) << node;
  }
}

TEST(SpokenDuration, ReadsLikeSpeech) {
  EXPECT_EQ(spoken_duration(0), "0 s");
  EXPECT_EQ(spoken_duration(59.4), "59 s");
  EXPECT_EQ(spoken_duration(200), "3 min 20 s");
  EXPECT_EQ(spoken_duration(7500), "2 h 5 min");
}

}  // namespace
}  // namespace microtome
