// SPDX-License-Identifier: Apache-2.0
// A reader learns: how batches share devices, and what happens when one runs out of memory. On the CPU, where slots are places without streams.
#include "mil/encoders/device_slots.h"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <thread>

namespace microtome {
namespace {

at::Tensor batch_of(std::int64_t tiles) { return at::arange(tiles, at::kByte).reshape({tiles, 1, 1, 1}).expand({tiles, 2, 2, 3}).contiguous(); }

/// The row of a tile is its first byte.
at::Tensor first_bytes(const at::Tensor& tiles) { return tiles.select(3, 0).select(2, 0).slice(1, 0, 1).to(at::kFloat).contiguous(); }

[[noreturn]] void run_out_of_memory() { throw c10::OutOfMemoryError({__func__, __FILE__, 0}, "out of memory"); }

TEST(DeviceSlots, RowsComeBackInTheBatchsOrder) {
  const DeviceSlots slots({at::kCPU}, 1, true, [](std::size_t, const at::Tensor& tiles, std::int64_t) { return first_bytes(tiles); });
  EXPECT_TRUE(slots.run(batch_of(5)).equal(at::arange(5, at::kFloat).reshape({5, 1})));
  EXPECT_EQ(slots.record().batch_limit, 0);
  ASSERT_EQ(slots.record().devices.size(), 1u);
  EXPECT_EQ(slots.record().devices[0].batches, 1);
}

TEST(DeviceSlots, OutOfMemoryHalvesThePassesAndGoesOn) {
  std::vector<std::int64_t> passes;
  const DeviceSlots slots({at::kCPU}, 1, true, [&](std::size_t, const at::Tensor& tiles, std::int64_t pass) {
    passes.push_back(pass);
    if (pass > 3) run_out_of_memory();
    return first_bytes(tiles);
  });
  EXPECT_TRUE(slots.run(batch_of(10)).equal(at::arange(10, at::kFloat).reshape({10, 1})));
  slots.run(batch_of(10));
  EXPECT_EQ(passes, (std::vector<std::int64_t>{10, 5, 3, 3})) << "what did not fit is not tried again";
  EXPECT_EQ(slots.record().batch_limit, 3) << "and is recorded";
}

TEST(DeviceSlots, WhatOneTileDoesNotFitIntoIsThrown) {
  const DeviceSlots slots({at::kCPU}, 1, true, [](std::size_t, const at::Tensor&, std::int64_t) -> at::Tensor { run_out_of_memory(); });
  EXPECT_THROW(slots.run(batch_of(4)), c10::OutOfMemoryError);
}

TEST(DeviceSlots, ACompiledInBatchIsNotHalved) {
  int calls = 0;
  const DeviceSlots slots({at::kCPU}, 1, false, [&](std::size_t, const at::Tensor&, std::int64_t) -> at::Tensor {
    ++calls;
    run_out_of_memory();
  });
  EXPECT_THROW(slots.run(batch_of(4)), c10::OutOfMemoryError);
  EXPECT_EQ(calls, 1);
}

TEST(DeviceSlots, TheNextBatchGoesToWhicheverDeviceIsFree) {
  std::barrier all_inside(4);
  std::array<std::atomic<int>, 2> on_device{};
  const DeviceSlots slots({at::kCPU, at::kCPU}, 2, true, [&](std::size_t device, const at::Tensor& tiles, std::int64_t) {
    ++on_device[device];
    all_inside.arrive_and_wait();  // only passes when two batches are in flight on each
    return first_bytes(tiles);
  });
  {
    std::vector<std::jthread> callers;
    for (int i = 0; i < 4; ++i) callers.emplace_back([&] { slots.run(batch_of(2)); });
  }
  EXPECT_EQ(on_device[0], 2);
  EXPECT_EQ(on_device[1], 2);
}

TEST(DeviceSlots, AFailedBatchFreesItsSlot) {
  bool fail = true;
  const DeviceSlots slots({at::kCPU}, 1, true, [&](std::size_t, const at::Tensor& tiles, std::int64_t) {
    if (std::exchange(fail, false)) throw std::runtime_error("once");
    return first_bytes(tiles);
  });
  EXPECT_THROW(slots.run(batch_of(2)), std::runtime_error);
  EXPECT_EQ(slots.run(batch_of(2)).size(0), 2);
}

}  // namespace
}  // namespace microtome
