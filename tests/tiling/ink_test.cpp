// SPDX-License-Identifier: Apache-2.0
// Learn here which colours are pen or dust and which are tissue, however blue, dark or red the tissue is.
#include "tiling/tissue/ink.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace microtome {
namespace {

constexpr Rgb kGlass{243, 243, 243};
constexpr Rgb kEosin{215, 130, 170};

// 8 um/px: the least stroke is 157 pixels.
Overview painted_with(Rgb ground, Rgb colour, std::int64_t side = 20) {
  Overview overview{{40, 40}, 16, 8, 0, 0, {}};
  for (std::int64_t y = 0; y < 40; ++y) {
    for (std::int64_t x = 0; x < 40; ++x) {
      const Rgb& c = x >= 10 && x < 10 + side && y >= 10 && y < 10 + side ? colour : ground;
      overview.rgb.insert(overview.rgb.end(), {c.r, c.g, c.b});
    }
  }
  return overview;
}

std::int64_t count(const MaskPixels& mask) { return std::count(mask.begin(), mask.end(), 1); }

std::int64_t ink_pixels(Rgb ground, Rgb colour) { return count(find_ink(painted_with(ground, colour), {})); }

std::string name(Rgb c) { return std::to_string(c.r) + ' ' + std::to_string(c.g) + ' ' + std::to_string(c.b); }

Rgb through(Rgb above, Rgb below) {
  const auto mix = [](int a, int b) { return static_cast<std::uint8_t>(a * b / 243); };
  return {mix(above.r, below.r), mix(above.g, below.g), mix(above.b, below.b)};
}

const std::vector<Rgb> kInks = {{30, 70, 190}, {60, 110, 200}, {20, 40, 130}, {30, 140, 70}, {20, 90, 90},
                                {25, 25, 28},  {60, 58, 62},   {210, 25, 40}, {190, 10, 30}};

TEST(Ink, FeltTipColoursAreInkOnGlassAndOnTissue) {
  for (const Rgb ink : kInks) {
    EXPECT_EQ(ink_pixels(kGlass, ink), 400) << name(ink);
    EXPECT_EQ(ink_pixels(kEosin, through(ink, kEosin)), 400) << name(ink) << " over tissue";
  }
}

TEST(Ink, ThinInkIsInkOnGlassButTissueThatIsSeenThroughItStaysTissue) {
  const Rgb thin{90, 160, 220};
  EXPECT_EQ(ink_pixels(kGlass, thin), 400);
  EXPECT_EQ(ink_pixels(kEosin, through(thin, kEosin)), 0);
}

TEST(Ink, DarkDustIsInkWhateverItsCast) {
  for (const Rgb dirt : {Rgb{60, 52, 46}, Rgb{84, 73, 63}, Rgb{70, 72, 78}, Rgb{4, 2, 6}})
    EXPECT_EQ(ink_pixels(kGlass, dirt), 400) << name(dirt);
}

// What a mixture of two dyes leaves of white light; amounts are decadic optical densities.
Rgb stained(const double (&one)[3], double amount_one, const double (&other)[3], double amount_other) {
  std::uint8_t light[3];
  for (int c = 0; c < 3; ++c)
    light[c] = static_cast<std::uint8_t>(std::lround(243 * std::pow(10, -amount_one * one[c] - amount_other * other[c])));
  return {light[0], light[1], light[2]};
}

// Vectors of Ruifrok and Johnston 2001, and of Macenko 2009 as widely used.
constexpr double kHaematoxylins[2][3] = {{0.65, 0.70, 0.29}, {0.5626, 0.7201, 0.4062}};
constexpr double kEosins[2][3] = {{0.07, 0.99, 0.11}, {0.2159, 0.8012, 0.5581}};

TEST(Ink, NoMixtureOfHaematoxylinAndEosinIsInk) {
  int mixtures = 0;
  for (int stain = 0; stain < 2; ++stain) {
    for (double h = 0; h <= 1.0; h += 0.1) {
      for (double e = 0; e <= 0.8; e += 0.1) {
        const Rgb colour = stained(kHaematoxylins[stain], h, kEosins[stain], e);
        if (std::max({colour.r, colour.g, colour.b}) < 90) continue;  // that black is found by its darkness, see below
        EXPECT_EQ(ink_pixels(kGlass, colour), 0) << name(colour) << " of " << h << " haematoxylin, " << e << " eosin";
        ++mixtures;
      }
    }
  }
  EXPECT_GT(mixtures, 150);
}

TEST(Ink, BluePurpleTumourBloodAndBrownStainAreTissue) {
  for (const Rgb colour : {Rgb{92, 70, 150}, Rgb{110, 90, 170}, Rgb{70, 50, 125}, Rgb{150, 140, 200}, Rgb{180, 60, 70}, Rgb{190, 75, 80},
                           Rgb{125, 75, 45}, Rgb{90, 55, 35}, Rgb{175, 185, 205}}) {
    EXPECT_EQ(ink_pixels(kGlass, colour), 0) << name(colour);
  }
}

TEST(Ink, ASpotTooSmallForAStrokeIsNone) {
  EXPECT_EQ(count(find_ink(painted_with(kEosin, {30, 70, 190}, 12), {})), 0);
  EXPECT_EQ(count(find_ink(painted_with(kEosin, {30, 70, 190}, 13), {})), 169);
  EXPECT_TRUE(find_ink(painted_with(kGlass, kEosin), {}).empty());
}

TEST(Ink, FadedInkCountsWhereItTouchesAStrokeAndNotElsewhere) {
  const Rgb faded{170, 190, 225};
  EXPECT_EQ(ink_pixels(kGlass, faded), 0);
  Overview overview = painted_with(kGlass, {30, 70, 190}, 13);
  for (int x = 23; x < 35; ++x) std::copy_n(&faded.r, 3, &overview.rgb[3 * (15 * 40 + x)]);
  EXPECT_EQ(count(find_ink(overview, {})), 169 + 12);
}

TEST(Ink, LimitsAreSettings) {
  TissueSettings settings;
  settings.pen_saturation = settings.pen_blue_saturation = 0.95;
  EXPECT_EQ(count(find_ink(painted_with(kGlass, {30, 70, 190}), settings)), 0);
  settings.pen_red_saturation = 0.95;
  EXPECT_EQ(count(find_ink(painted_with(kGlass, {210, 25, 40}), settings)), 0);
  settings.dust_value = 0.05;
  EXPECT_EQ(count(find_ink(painted_with(kGlass, {60, 58, 62}), settings)), 0);
  settings = {};
  settings.min_pen_mm2 = 0.03;
  EXPECT_EQ(count(find_ink(painted_with(kGlass, {30, 70, 190}), settings)), 0);
}

}  // namespace
}  // namespace microtome
