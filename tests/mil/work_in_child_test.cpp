// SPDX-License-Identifier: Apache-2.0
// A reader learns that work on a damaged file happens where a crash does no harm, and what comes back from there.
#include "mil/work_in_child.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <numeric>
#include <stdexcept>
#include <thread>

#include "scratch_folder.h"

namespace microtome {
namespace {

void spin(Outlet&) {
  volatile bool turning = true;
  while (turning) {
  }
}

void receive_one(Inlet& inlet) {
  char one = 0;
  inlet.receive(&one, 1);
}

std::string lost(const std::function<void(Outlet&)>& produce, WorkLimits limits = {}) {
  return sentence_of<WorkLost>([&] { work_in_child(produce, receive_one, limits); });
}

TEST(WorkInChild, CrashesAndEndlessWorkDoNotReachThisProcess) {
  EXPECT_EQ(lost([](Outlet&) { std::raise(SIGSEGV); }), "crashes");
  EXPECT_EQ(lost([](Outlet&) { std::raise(SIGABRT); }), "crashes");
  EXPECT_EQ(lost([](Outlet&) { _exit(1); }), "crashes") << "as sanitizers end a program";
  EXPECT_EQ(lost([](Outlet&) { throw std::runtime_error("not caught"); }), "crashes");
  EXPECT_EQ(lost(spin, {1, 600}), "does not come to an end");
  EXPECT_EQ(lost([](Outlet&) { sleep(60); }, {20, 1}), "does not come to an end") << "waits without using the processor";
}

TEST(WorkInChild, ACrashAfterHalfAnAnswerIsACrash) {
  const auto half = [](Outlet& outlet) {
    outlet.send("ab", 2);
    outlet.flush();
    std::raise(SIGSEGV);
  };
  std::array<char, 4> four{};
  EXPECT_THROW(work_in_child(half, [&](Inlet& inlet) { inlet.receive(four.data(), 4); }), WorkLost);
}

TEST(WorkInChild, AnInterruptOfTheUserIsNotTakenForDamage) {
  try {
    work_in_child([](Outlet&) { std::raise(SIGTERM); }, receive_one);
    FAIL() << "nothing was lost";
  } catch (const WorkLost& error) {
    EXPECT_FALSE(error.damage());
    EXPECT_STREQ(error.what(), "was ended by signal 15");
  }
}

TEST(WorkInChild, WhatTheReceiverThrowsEndsTheChildAndGoesOn) {
  EXPECT_THROW(work_in_child(spin, [](Inlet&) { throw std::logic_error("enough"); }), std::logic_error);
}

TEST(WorkInChild, LargeAndSmallPiecesArriveInOrder) {
  std::vector<int> numbers(3'000'000);
  std::iota(numbers.begin(), numbers.end(), 7);
  const auto produce = [&](Outlet& outlet) {
    outlet.send(numbers.data(), 40);
    outlet.send(numbers.data() + 10, (numbers.size() - 11) * sizeof(int));
    outlet.send(&numbers.back(), sizeof(int));
    numbers.clear();
  };
  std::vector<int> found(numbers.size());
  work_in_child(produce, [&](Inlet& inlet) { inlet.receive(found.data(), found.size() * sizeof(int)); });
  EXPECT_EQ(found, numbers) << "the child has a copy of its own";
}

void crash_or_answer(int i) {
  if (i % 2 == 0) {
    EXPECT_EQ(lost([](Outlet&) { std::raise(SIGSEGV); }, {20, 30}), "crashes");
    return;
  }
  const auto answer_late = [](Outlet& outlet) {
    usleep(200'000);
    outlet.send("x", 1);
  };
  char one = 0;
  work_in_child(answer_late, [&](Inlet& inlet) { inlet.receive(&one, 1); });
  EXPECT_EQ(one, 'x');
}

TEST(WorkInChild, ThreadsDoNotKeepEachOthersChildrenAlive) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back(crash_or_answer, i);
}

}  // namespace
}  // namespace microtome
