// SPDX-License-Identifier: Apache-2.0
// Learn here what the focus measure says of flat, striped and blurred pixels.
#include "tiling/quality.h"

#include <gtest/gtest.h>

#include <vector>

namespace microtome {
namespace {

std::vector<std::uint8_t> grey(const std::vector<int>& values) {
  std::vector<std::uint8_t> rgb;
  for (const int value : values) rgb.insert(rgb.end(), 3, static_cast<std::uint8_t>(value));
  return rgb;
}

TEST(FocusMeasure, IsZeroOnFlatPixelsAndOnRamps) {
  EXPECT_EQ(focus_measure(grey(std::vector<int>(25, 77)), {5, 5}), 0);
  std::vector<int> ramp;
  for (int i = 0; i < 30; ++i) ramp.push_back(10 * (i % 6) + 5 * (i / 6));
  EXPECT_NEAR(focus_measure(grey(ramp), {6, 5}), 0, 1e-4);
}

TEST(FocusMeasure, IsTheVarianceOfTheFourNeighbourLaplacian) {
  // inner pixels of a 4x3 picture: laplacians 100 and 4 * -100 + 0 = -400
  const auto rgb = grey({0, 0, 0, 0, 0, 0, 100, 0, 0, 0, 0, 0});
  const double mean = (100.0 - 400.0) / 2;
  EXPECT_NEAR(focus_measure(rgb, {4, 3}), ((100 - mean) * (100 - mean) + (-400 - mean) * (-400 - mean)) / 2, 1e-2);
}

TEST(FocusMeasure, WeighsChannelsAsLuma) {
  std::vector<std::uint8_t> green(5 * 3 * 3, 0), blue(5 * 3 * 3, 0);
  green[7 * 3 + 1] = 200;
  blue[7 * 3 + 2] = 200;
  EXPECT_NEAR(focus_measure(green, {5, 3}) / focus_measure(blue, {5, 3}), (0.587 * 0.587) / (0.114 * 0.114), 0.01);
}

TEST(FocusMeasure, FallsWhenTheSamePixelsAreBlurred) {
  std::vector<int> sharp, blurred;
  for (int i = 0; i < 400; ++i) sharp.push_back((i * 7919) % 251);
  for (int i = 0; i < 400; ++i) blurred.push_back((sharp[i] + sharp[(i + 1) % 400] + sharp[(i + 20) % 400] + sharp[(i + 21) % 400]) / 4);
  EXPECT_GT(focus_measure(grey(sharp), {20, 20}), 4 * focus_measure(grey(blurred), {20, 20}));
}

TEST(FocusMeasure, IsZeroBelowThreePixels) {
  EXPECT_EQ(focus_measure(grey({0, 255, 0, 255}), {2, 2}), 0);
  EXPECT_EQ(focus_measure(grey({0, 255, 0, 255, 0, 255}), {3, 2}), 0);
}

}  // namespace
}  // namespace microtome
