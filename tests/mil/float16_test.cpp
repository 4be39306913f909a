// SPDX-License-Identifier: Apache-2.0
// A reader learns how float16 features are rounded: to nearest, ties to even, subnormals kept.
#include "mil/float16.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace microtome {
namespace {

TEST(Float16, EveryFiniteHalfSurvivesTheRoundTrip) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float value = float_from_half(half);
    if (std::isnan(value)) continue;
    ASSERT_EQ(half_from_float(value), half) << bits;
  }
}

TEST(Float16, TheMidpointOfTwoNeighboursGoesToTheEvenOne) {
  for (std::uint32_t bits = 0; bits < 0x7bff; ++bits) {
    const auto low = static_cast<std::uint16_t>(bits);
    const auto high = static_cast<std::uint16_t>(bits + 1);
    const float middle = (float_from_half(low) + float_from_half(high)) / 2;
    ASSERT_EQ(half_from_float(middle), bits % 2 == 0 ? low : high) << bits;
    ASSERT_EQ(half_from_float(std::nextafterf(middle, 0.0F)), low) << bits;
    ASSERT_EQ(half_from_float(std::nextafterf(middle, 1e6F)), high) << bits;
    ASSERT_EQ(half_from_float(-middle), (bits % 2 == 0 ? low : high) | 0x8000) << bits;
  }
}

TEST(Float16, KnownValuesOfTheStandard) {
  EXPECT_EQ(half_from_float(1.0F), 0x3c00);
  EXPECT_EQ(half_from_float(-2.0F), 0xc000);
  EXPECT_EQ(half_from_float(largest_half), 0x7bff);
  EXPECT_EQ(float_from_half(0x0001), 0x1p-24F);
  EXPECT_EQ(half_from_float(0x1p-25F), 0x0000) << "half of the smallest number is a tie and goes to zero";
  EXPECT_EQ(half_from_float(65519.9F), 0x7bff);
  EXPECT_EQ(half_from_float(65520.0F), 0x7c00) << "infinity begins here";
  EXPECT_EQ(half_from_float(-std::numeric_limits<float>::infinity()), 0xfc00);
  EXPECT_TRUE(std::isnan(float_from_half(half_from_float(std::numeric_limits<float>::quiet_NaN()))));
}

}  // namespace
}  // namespace microtome
