// SPDX-License-Identifier: Apache-2.0
// A reader learns that work on a damaged file is tried where a crash does no harm.
#include "mil/rehearsal.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>

namespace microtome {
namespace {

void spin() {
  volatile bool turning = true;
  while (turning) {
  }
}

TEST(Rehearsal, CrashesAndEndlessWorkDoNotReachThisProcess) {
  EXPECT_FALSE(survives_rehearsal([] { std::raise(SIGSEGV); }, 10));
  EXPECT_FALSE(survives_rehearsal([] { std::raise(SIGABRT); }, 10));
  EXPECT_FALSE(survives_rehearsal([] { _exit(1); }, 10)) << "as sanitizers end a program";
  EXPECT_FALSE(survives_rehearsal(spin, 1));
}

TEST(Rehearsal, ResultsAndExceptionsAreLeftToTheRealRun) {
  int touched = 0;
  EXPECT_TRUE(survives_rehearsal([&] { touched = 1; }, 10));
  EXPECT_EQ(touched, 0) << "the child has a copy";
  EXPECT_TRUE(survives_rehearsal([] { throw std::runtime_error("sentence"); }, 10));
}

TEST(Rehearsal, AnInterruptOfTheUserIsNotTakenForDamage) {
  EXPECT_TRUE(survives_rehearsal([] { std::raise(SIGTERM); }, 10));
}

}  // namespace
}  // namespace microtome
