// SPDX-License-Identifier: Apache-2.0
// What counts as the right tiles: a benchmark must not time wrong ones.
#include "tests/bench/read_check.h"

#include <gtest/gtest.h>

#include <cmath>

namespace microtome {
namespace {

// 4 x 4 pixels of (x, y, 10 (x + y)), repeated.
BenchSlide small_slide() {
  BenchSlide slide;
  slide.period.size = {4, 4};
  for (int y = 0; y < 4; ++y) {
    for (int x = 0; x < 4; ++x)
      slide.period.rgb.insert(slide.period.rgb.end(),
                              {static_cast<std::uint8_t>(x), static_cast<std::uint8_t>(y), static_cast<std::uint8_t>(10 * (x + y))});
  }
  return slide;
}

std::string verdict(double side, Level0Point origin, const std::vector<std::uint8_t>& rgb, const Tolerance& allowed, int times = 1) {
  const BenchSlide slide = small_slide();
  const std::vector<Level0Point> origins{origin};
  TileCheck check(slide, 2, side, origins);
  for (int i = 0; i < times; ++i) check.see(0, rgb.data());
  return check.verdict(allowed);
}

TEST(TileCheck, TilesAreThePixelsOfTheRepeatedTexture) {
  EXPECT_EQ(verdict(2, {7, 4}, {3, 0, 30, 0, 0, 0, 3, 1, 40, 0, 1, 10}, kSameBytes), "");
}

TEST(TileCheck, OneValueOffByOneIsNotTheSame) {
  EXPECT_EQ(verdict(2, {7, 4}, {3, 0, 30, 0, 0, 0, 3, 1, 41, 0, 1, 10}, kSameBytes),
            "a value is 1.00 grey levels off, at most 0 are allowed");
}

TEST(TileCheck, ScaledTilesAreAveragesOverTheAreaWithCutPixels) {
  // a pixel of the tile covers 1.5 pixels: (0 + 0.5 * 1) / 1.5 and (0.5 * 1 + 2) / 1.5
  const auto near = static_cast<std::uint8_t>(std::lround(10 * (1.0 / 3 + 1.0 / 3))),
             far = static_cast<std::uint8_t>(std::lround(10 * (5.0 / 3 + 5.0 / 3)));
  EXPECT_EQ(verdict(3, {0, 0}, {0, 0, near, 2, 0, 20, 0, 2, 20, 2, 2, far}, {0.5, 0}), "");
  EXPECT_NE(verdict(3, {0, 0}, {0, 0, near, 2, 0, 20, 0, 2, 22, 2, 2, far}, {0.5, 0}), "");
}

TEST(TileCheck, NearnessIsOverAllValues) {
  // 4 of 12 values are 6 off: a mean square of 12
  const std::vector<std::uint8_t> rgb{9, 0, 30, 6, 0, 0, 9, 1, 40, 6, 1, 10};
  EXPECT_EQ(verdict(2, {7, 4}, rgb, {255, 37.3}), "");
  EXPECT_EQ(verdict(2, {7, 4}, rgb, {255, 37.4}), "37.3 dB PSNR, at least 37.4 are wanted");
}

TEST(TileCheck, EachTileComesOnce) {
  const std::vector<std::uint8_t> rgb{3, 0, 30, 0, 0, 0, 3, 1, 40, 0, 1, 10};
  EXPECT_EQ(verdict(2, {7, 4}, rgb, kSameBytes, 0), "tile 0 was read 0 times");
  EXPECT_EQ(verdict(2, {7, 4}, rgb, kSameBytes, 2), "tile 0 was read 2 times");
}

}  // namespace
}  // namespace microtome
