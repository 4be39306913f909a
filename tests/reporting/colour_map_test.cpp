// SPDX-License-Identifier: Apache-2.0
// The colour map is magma: its ends, some rows between, and a lightness that only ever rises.
#include <gtest/gtest.h>

#include <limits>

#include "reporting/heatmap.h"

namespace microtome {
namespace {

std::uint32_t packed(Rgb colour) { return static_cast<std::uint32_t>(colour.r << 16 | colour.g << 8 | colour.b); }

TEST(ColourMap, HoldsThePublishedRows) {
  // golden/magma_table.py prints these
  EXPECT_EQ(packed(heat_colour(0)), 0x000004U);
  EXPECT_EQ(packed(heat_colour(64 / 256.0)), 0x51127cU);
  EXPECT_EQ(packed(heat_colour(128 / 256.0)), 0xb73779U);
  EXPECT_EQ(packed(heat_colour(192 / 256.0)), 0xfc8961U);
  EXPECT_EQ(packed(heat_colour(1)), 0xfcfdbfU);
}

TEST(ColourMap, BendsValuesOutsideIntoItsEnds) {
  EXPECT_EQ(packed(heat_colour(-3)), packed(heat_colour(0)));
  EXPECT_EQ(packed(heat_colour(7)), packed(heat_colour(1)));
  EXPECT_EQ(packed(heat_colour(std::numeric_limits<double>::infinity())), packed(heat_colour(1)));
  EXPECT_EQ(packed(heat_colour(std::numeric_limits<double>::quiet_NaN())), packed(heat_colour(0)));
}

TEST(ColourMap, GrowsLighterAllTheWay) {
  double before = -1;
  for (int i = 0; i < 256; i += 4) {
    const Rgb colour = heat_colour(i / 256.0);
    const double luma = 0.299 * colour.r + 0.587 * colour.g + 0.114 * colour.b;
    EXPECT_GT(luma, before) << i;
    before = luma;
  }
}

}  // namespace
}  // namespace microtome
