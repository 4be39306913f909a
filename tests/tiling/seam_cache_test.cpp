// SPDX-License-Identifier: Apache-2.0
// Learn here what the cache of decoded source tiles promises: whole tiles or none, bounded memory, any number of threads.
#include "tiling/tiff/seam_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace microtome {
namespace {

constexpr std::int64_t kTileBytes = 64;

void fill(const SeamCache::Pin& pin, std::uint8_t value) { std::fill_n(pin.pixels(), kTileBytes, value); }

bool holds(const SeamCache::Pin& pin, std::uint8_t value) {
  return std::all_of(pin.pixels(), pin.pixels() + kTileBytes, [=](std::uint8_t byte) { return byte == value; });
}

void put(SeamCache& cache, std::uint64_t tile) {
  const SeamCache::Pin pin = cache.reserve(tile);
  ASSERT_TRUE(pin);
  fill(pin, static_cast<std::uint8_t>(tile));
  cache.publish(pin);
}

TEST(SeamCache, GivesBackWhatWasPublished) {
  SeamCache cache(kTileBytes, 16 * kTileBytes);
  put(cache, 0);
  put(cache, 7);
  ASSERT_TRUE(cache.find(0));
  EXPECT_TRUE(holds(cache.find(0), 0));
  ASSERT_TRUE(cache.find(7));
  EXPECT_TRUE(holds(cache.find(7), 7));
  EXPECT_FALSE(cache.find(1));
}

TEST(SeamCache, ATileThatIsBeingFilledIsNotFoundAndOneThatFailedNeverIs) {
  SeamCache cache(kTileBytes, 16 * kTileBytes);
  {
    const SeamCache::Pin pin = cache.reserve(3);
    ASSERT_TRUE(pin);
    EXPECT_FALSE(cache.find(3));
    EXPECT_TRUE(cache.is_coming(3));
    EXPECT_FALSE(cache.is_coming(4));
  }
  EXPECT_FALSE(cache.is_coming(3));
  EXPECT_FALSE(cache.find(3));
  put(cache, 3);
  EXPECT_TRUE(cache.find(3));
}

TEST(SeamCache, WhatIsHeldIsNeverOverwritten) {
  SeamCache cache(kTileBytes, 8 * kTileBytes);  // one set of eight
  put(cache, 100);
  const SeamCache::Pin held = cache.find(100);
  for (std::uint64_t tile = 0; tile < 50; ++tile) put(cache, tile);
  EXPECT_TRUE(holds(held, 100));
  EXPECT_TRUE(cache.find(100));
}

TEST(SeamCache, WhenAllSlotsAreInUseItSaysNo) {
  SeamCache cache(kTileBytes, 8 * kTileBytes);
  std::vector<SeamCache::Pin> pins;
  for (std::uint64_t tile = 0; tile < 8; ++tile) {
    pins.push_back(cache.reserve(tile));
    ASSERT_TRUE(pins.back());
  }
  EXPECT_FALSE(cache.reserve(8));
  pins.pop_back();
  EXPECT_TRUE(cache.reserve(8));
}

TEST(SeamCache, TheTileThatWasLongestNotAskedForGoesFirst) {
  SeamCache cache(kTileBytes, 8 * kTileBytes);
  for (std::uint64_t tile = 0; tile < 8; ++tile) put(cache, tile);
  for (const std::uint64_t tile : {0, 1, 2, 4, 5, 6, 7}) EXPECT_TRUE(cache.find(tile));
  put(cache, 8);
  EXPECT_FALSE(cache.find(3));
  for (const std::uint64_t tile : {0, 1, 2, 4, 5, 6, 7, 8}) EXPECT_TRUE(cache.find(tile)) << tile;
}

TEST(SeamCache, ManyThreadsNeverSeeHalfATileOrAnothers) {
  SeamCache cache(kTileBytes, 24 * kTileBytes);
  std::atomic<int> wrong{0}, found{0};
  const auto work = [&](std::uint64_t seed) {
    for (int i = 0; i < 30000; ++i) {
      seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
      const std::uint64_t tile = (seed >> 33) % 40;
      if (const SeamCache::Pin pin = cache.find(tile)) {
        ++found;
        wrong += !holds(pin, static_cast<std::uint8_t>(tile));
      } else if (const SeamCache::Pin place = cache.reserve(tile)) {
        fill(place, static_cast<std::uint8_t>(tile));
        if (i % 17 != 0) cache.publish(place);
        wrong += !holds(place, static_cast<std::uint8_t>(tile));
      }
    }
  };
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 4; ++t) threads.emplace_back(work, t);
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(found, 1000);
}

}  // namespace
}  // namespace microtome
