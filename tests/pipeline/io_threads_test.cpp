// SPDX-License-Identifier: Apache-2.0
// What a reader learns: jobs that wait for storage wait at the same time, and none is lost when the threads go.
#include "pipeline/machine/io_threads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>

namespace microtome {
namespace {

TEST(IoThreads, JobsWaitAtTheSameTime) {
  std::latch all(4);  // four jobs that each wait for the other three: alone, the first would never end
  IoThreads threads(4);
  for (int i = 0; i < 4; ++i) threads.post([&] { all.arrive_and_wait(); });
  all.wait();
}

TEST(IoThreads, WhatWasPostedIsDoneBeforeTheyGo) {
  std::atomic<int> done{0};
  {
    IoThreads threads(2);
    for (int i = 0; i < 500; ++i) threads.post([&] { ++done; });
  }
  EXPECT_EQ(done, 500);
}

}  // namespace
}  // namespace microtome
