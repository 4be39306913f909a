// SPDX-License-Identifier: Apache-2.0
// A reader learns that work on a damaged file happens where a crash does no harm, and what comes back from there.
#include "mil/work_in_child.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <ctime>
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

/// Answers a number with its double; 0 by a crash, 1 by spinning for ever, 2 by spinning for a while, 3 by silence.
void answer_number(Inlet& questions, Outlet& outlet) {
  int number = 0;
  questions.receive(&number, sizeof number);
  if (number == 0) std::raise(SIGSEGV);
  if (number == 1) spin(outlet);
  if (number == 2) {
    const std::clock_t begin = std::clock();
    while (std::clock() - begin < CLOCKS_PER_SEC * 6 / 10) {
    }
  }
  if (number == 3) sleep(60);
  number *= 2;
  outlet.send(&number, sizeof number);
}

int asked(AnsweringChild& child, int number) {
  int answer = -1;
  child.ask(&number, sizeof number, [&](Inlet& inlet) { inlet.receive(&answer, sizeof answer); });
  return answer;
}

TEST(AnsweringChild, AnswersOneQuestionAfterTheOther) {
  AnsweringChild child(answer_number, {});
  AnsweringChild other(answer_number, {});
  for (int i = 5; i < 300; ++i) {
    EXPECT_EQ(asked(child, i), 2 * i);
    EXPECT_EQ(asked(other, -i), -2 * i);
  }
}

TEST(AnsweringChild, CrashesAndEndlessAnswersAreSaidAndEndIt) {
  for (const auto& [number, said] :
       {std::pair(0, "crashes"), std::pair(1, "does not come to an end"), std::pair(3, "does not come to an end")}) {
    AnsweringChild child(answer_number, {1, 2});
    EXPECT_EQ(asked(child, 7), 14);
    EXPECT_EQ(sentence_of<WorkLost>([&, number = number] { asked(child, number); }), said);
    EXPECT_THROW(asked(child, 7), WorkLost) << "it is gone, and no signal ends this process";
  }
}

TEST(AnsweringChild, ProcessorTimeIsAllowedForEachAnswer) {
  AnsweringChild child(answer_number, {2, 600});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(asked(child, 2), 4) << "three seconds in all";
}

TEST(AnsweringChild, WhatTheReceiverThrowsEndsIt) {
  AnsweringChild child(answer_number, {});
  const int number = 8;
  EXPECT_THROW(child.ask(&number, sizeof number, [](Inlet&) { throw std::logic_error("enough"); }), std::logic_error);
  EXPECT_THROW(asked(child, 8), WorkLost);
}

TEST(AnsweringChild, QuestionsAndAnswersMayBeLargerThanWhatLiesBetween) {
  const auto answer = [](Inlet& questions, Outlet& outlet) {
    std::vector<int> numbers(2'000'000);
    questions.receive(numbers.data(), numbers.size() * sizeof(int));
    outlet.send(numbers.data(), numbers.size() * sizeof(int));
  };
  AnsweringChild child(answer, {});
  std::vector<int> numbers(2'000'000), found(2'000'000);
  for (int i = 0; i < 3; ++i) {
    std::iota(numbers.begin(), numbers.end(), i);
    child.ask(numbers.data(), numbers.size() * sizeof(int), [&](Inlet& inlet) { inlet.receive(found.data(), found.size() * sizeof(int)); });
    EXPECT_EQ(found, numbers);
  }
}

}  // namespace
}  // namespace microtome
