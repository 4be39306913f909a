// SPDX-License-Identifier: Apache-2.0
// Learn here what counts as tissue: planted shapes come back, specks, holes and gaps obey microns, glass stays glass.
#include "tiling/tissue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace microtome {
namespace {

constexpr Rgb kEosin{215, 130, 170};
constexpr Rgb kPale{236, 216, 228};
constexpr Rgb kGlass{243, 243, 243};

// An overview at 10 um/px: a pixel is 0.0001 mm2, so the default speck and hole limits are 200 pixels.
Overview glass(std::int64_t width, std::int64_t height) {
  Overview overview{{width, height}, 20, 10, 0, 0, {}};
  for (std::int64_t i = 0; i < width * height; ++i) overview.rgb.insert(overview.rgb.end(), {kGlass.r, kGlass.g, kGlass.b});
  return overview;
}

void paint(Overview& overview, std::int64_t x0, std::int64_t y0, std::int64_t x1, std::int64_t y1, Rgb colour) {
  for (std::int64_t y = y0; y < y1; ++y) {
    for (std::int64_t x = x0; x < x1; ++x) {
      std::uint8_t* pixel = &overview.rgb[(y * overview.size.width + x) * 3];
      pixel[0] = colour.r;
      pixel[1] = colour.g;
      pixel[2] = colour.b;
    }
  }
}

void add_noise(Overview& overview, int amplitude) {
  std::mt19937 random(3);
  for (auto& value : overview.rgb) {
    const int moved = value + static_cast<int>(random() % (2 * amplitude + 1)) - amplitude;
    value = static_cast<std::uint8_t>(std::clamp(moved, 0, 255));
  }
}

TissueSettings without_closing() {
  TissueSettings settings;
  settings.close_um = 0;
  return settings;
}

std::int64_t pixels(const TissueMask& mask) { return std::count(mask.inside.begin(), mask.inside.end(), 1); }

bool is_tissue(const TissueMask& mask, std::int64_t x, std::int64_t y) { return mask.inside[y * mask.size.width + x] != 0; }

TEST(Tissue, APlantedRectangleComesBackToThePixelWithItsFrameAndArea) {
  Overview overview = glass(100, 80);
  overview.x_level0 = 300;
  overview.y_level0 = 500;
  paint(overview, 20, 10, 60, 50, kEosin);
  const TissueMask mask = find_tissue(overview, {});
  EXPECT_EQ(pixels(mask), 40 * 40);
  for (std::int64_t y = 0; y < 80; ++y) {
    for (std::int64_t x = 0; x < 100; ++x) ASSERT_EQ(is_tissue(mask, x, y), x >= 20 && x < 60 && y >= 10 && y < 50) << x << ',' << y;
  }
  EXPECT_NEAR(mask.area_mm2, 1600 * 0.0001, 1e-12);
  EXPECT_EQ(mask.size, overview.size);
  EXPECT_EQ(mask.downsample, 20);
  EXPECT_EQ(mask.mpp, 10);
  EXPECT_EQ(mask.x_level0, 300);
  EXPECT_EQ(mask.y_level0, 500);
}

TEST(Tissue, PureGlassHasNone) {
  EXPECT_EQ(pixels(find_tissue(glass(64, 64), {})), 0);
  EXPECT_EQ(find_tissue(glass(64, 64), {}).area_mm2, 0);
}

TEST(Tissue, NoisyGlassHasNone) {
  Overview overview = glass(200, 200);
  add_noise(overview, 4);
  EXPECT_EQ(pixels(find_tissue(overview, {})), 0);
}

TEST(Tissue, NoiseDoesNotMoveTissue) {
  Overview overview = glass(200, 200);
  paint(overview, 50, 50, 150, 150, kEosin);
  add_noise(overview, 4);
  EXPECT_EQ(pixels(find_tissue(overview, {})), 100 * 100);
}

TEST(Tissue, ASlideFullOfTissueIsAllTissue) {
  Overview overview = glass(50, 50);
  paint(overview, 0, 0, 50, 50, kEosin);
  EXPECT_EQ(pixels(find_tissue(overview, {})), 50 * 50);
}

TEST(Tissue, PaleTissueBesideDarkTissueIsKeptByTheUpperLimit) {
  // saturations 0.40 and 0.08 beside 0: Otsu alone cuts above 0.08
  Overview overview = glass(100, 100);
  paint(overview, 0, 0, 100, 50, kEosin);
  paint(overview, 0, 60, 30, 90, kPale);
  TissueSettings settings = without_closing();
  settings.max_saturation = 1;
  const std::int64_t loose = pixels(find_tissue(overview, settings));
  settings.max_saturation = 0.06;
  EXPECT_EQ(pixels(find_tissue(overview, settings)), 50 * 100 + 30 * 30);
  EXPECT_EQ(loose, 50 * 100);
}

TEST(Tissue, TheLowerLimitKeepsOtsuOutOfTheNoise) {
  Overview overview = glass(100, 100);
  add_noise(overview, 4);
  TissueSettings settings = without_closing();
  settings.min_speck_mm2 = 0;
  EXPECT_EQ(pixels(find_tissue(overview, settings)), 0);
  settings.min_saturation = 0;
  EXPECT_GT(pixels(find_tissue(overview, settings)), 0);
}

TEST(Tissue, BlackIsNotTissueHoweverColouredItsNoise) {
  Overview overview = glass(100, 100);
  paint(overview, 0, 0, 100, 30, {2, 0, 9});
  EXPECT_EQ(pixels(find_tissue(overview, {})), 0);
}

TEST(Tissue, SpecksSmallerThanTheLimitAreDropped) {
  Overview overview = glass(100, 100);
  paint(overview, 5, 5, 15, 24, kEosin);    // 190 pixels
  paint(overview, 50, 50, 60, 70, kEosin);  // 200 pixels
  const TissueMask mask = find_tissue(overview, without_closing());
  EXPECT_EQ(pixels(mask), 200);
  EXPECT_TRUE(is_tissue(mask, 50, 50));
}

TEST(Tissue, DiagonalNeighboursAreOnePiece) {
  Overview overview = glass(100, 100);
  paint(overview, 10, 10, 20, 20, kEosin);
  paint(overview, 20, 20, 30, 30, kEosin);
  EXPECT_EQ(pixels(find_tissue(overview, without_closing())), 200);
}

TEST(Tissue, HolesSmallerThanTheLimitAreFilledAndLargerOnesKept) {
  Overview overview = glass(100, 100);
  paint(overview, 10, 10, 90, 90, kEosin);
  paint(overview, 20, 20, 30, 39, kGlass);  // 190 pixels
  paint(overview, 50, 50, 60, 70, kGlass);  // 200 pixels
  const TissueMask mask = find_tissue(overview, without_closing());
  EXPECT_EQ(pixels(mask), 80 * 80 - 200);
  EXPECT_FALSE(is_tissue(mask, 55, 55));
}

TEST(Tissue, GlassAtTheBorderIsABayNotAHole) {
  Overview overview = glass(40, 40);
  paint(overview, 0, 0, 40, 40, kEosin);
  paint(overview, 0, 10, 5, 20, kGlass);
  EXPECT_EQ(pixels(find_tissue(overview, without_closing())), 1600 - 50);
}

TEST(Tissue, GapsNarrowerThanTheLimitAreClosedAndWiderOnesAreNot) {
  TissueSettings settings;  // 40 um: 4 pixels
  settings.min_hole_mm2 = 0;
  for (const std::int64_t gap : {1, 2, 3, 4, 5, 6, 8}) {
    Overview overview = glass(100, 60);
    paint(overview, 10, 10, 40, 50, kEosin);
    paint(overview, 40 + gap, 10, 40 + gap + 30, 50, kEosin);
    const TissueMask mask = find_tissue(overview, settings);
    EXPECT_EQ(is_tissue(mask, 40, 30), gap < 5) << "gap of " << gap << " pixels";
    EXPECT_FALSE(is_tissue(mask, 9, 30));
    EXPECT_FALSE(is_tissue(mask, 40 + gap + 30, 30));
  }
}

TEST(Tissue, ClosingNeitherShrinksNorGrowsTissueAtTheBorder) {
  Overview overview = glass(60, 60);
  paint(overview, 0, 0, 30, 30, kEosin);
  paint(overview, 40, 40, 58, 58, kEosin);  // two pixels of glass up to the border stay glass
  const TissueMask mask = find_tissue(overview, {});
  EXPECT_EQ(pixels(mask), 30 * 30 + 18 * 18);
}

}  // namespace
}  // namespace microtome
