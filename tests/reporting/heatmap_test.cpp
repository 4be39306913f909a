// SPDX-License-Identifier: Apache-2.0
// Which raster pixel a tile paints, how overlaps and unread places look, and how coarse the raster is.
#include "reporting/heatmap.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace microtome {
namespace {

const std::uint8_t* pixel(const RasterRgba& raster, std::int64_t x, std::int64_t y) {
  return raster.rgba.data() + (y * raster.size.width + x) * 4;
}

bool is_colour(const std::uint8_t* rgba, double score) {
  const Rgb colour = heat_colour(score);
  return rgba[0] == colour.r && rgba[1] == colour.g && rgba[2] == colour.b && rgba[3] == 255;
}

TEST(Heatmap, PaintsExactlyThePixelsWhoseCentreIsInATile) {
  std::mt19937 random(7);
  std::vector<std::int64_t> coords;
  std::vector<float> scores;
  for (int i = 0; i < 60; ++i) {
    coords.push_back(static_cast<std::int64_t>(random() % 1200) - 60);
    coords.push_back(static_cast<std::int64_t>(random() % 900) - 60);
    scores.push_back(static_cast<float>(random() % 1000) / 1000);
  }
  for (const int downsample : {1, 3, 16}) {
    const HeatmapRequest request{coords, scores, 97.35, {1100, 777}, downsample};
    const RasterRgba raster = draw_heatmap(request);
    ASSERT_EQ(raster.size, (Size{(1100 + downsample - 1) / downsample, (777 + downsample - 1) / downsample}));
    for (std::int64_t y = 0; y < raster.size.height; ++y) {
      for (std::int64_t x = 0; x < raster.size.width; ++x) {
        const double px = (static_cast<double>(x) + 0.5) * downsample, py = (static_cast<double>(y) + 0.5) * downsample;
        double sum = 0;
        int count = 0;
        for (std::size_t i = 0; i < scores.size(); ++i) {
          const auto left = static_cast<double>(coords[2 * i]), top = static_cast<double>(coords[2 * i + 1]);
          if (px < left || py < top || px >= left + 97.35 || py >= top + 97.35) continue;
          sum += scores[i];
          ++count;
        }
        const bool right = count == 0 ? pixel(raster, x, y)[3] == 0 : is_colour(pixel(raster, x, y), sum / count);
        ASSERT_TRUE(right) << "pixel " << x << "," << y << " at downsample " << downsample << ", tiles " << count;
      }
    }
  }
}

TEST(Heatmap, LeavesTilesWithoutAScoreTransparent) {
  const std::vector<std::int64_t> coords = {0, 0, 64, 0};
  const std::vector<float> scores = {std::numeric_limits<float>::quiet_NaN(), 0.25F};
  const RasterRgba raster = draw_heatmap({coords, scores, 64, {128, 64}, 16});
  EXPECT_EQ(pixel(raster, 0, 0)[3], 0);
  EXPECT_TRUE(is_colour(pixel(raster, 4, 0), 0.25));
}

TEST(Heatmap, AveragesWhereTilesOverlap) {
  const std::vector<std::int64_t> coords = {0, 0, 32, 0};
  const std::vector<float> scores = {0.0F, 1.0F};
  const RasterRgba raster = draw_heatmap({coords, scores, 64, {96, 64}, 16});
  EXPECT_TRUE(is_colour(pixel(raster, 1, 0), 0.0));
  EXPECT_TRUE(is_colour(pixel(raster, 2, 0), 0.5));
  EXPECT_TRUE(is_colour(pixel(raster, 5, 0), 1.0));
}

TEST(Heatmap, IsFullyTransparentWithoutTiles) {
  const RasterRgba raster = draw_heatmap({{}, {}, 64, {100, 100}, 16});
  ASSERT_EQ(raster.size, (Size{7, 7}));
  for (const std::uint8_t byte : raster.rgba) ASSERT_EQ(byte, 0);
}

TEST(HeatmapDownsample, IsAPowerOfTwoThatKeepsBothSidesInBounds) {
  for (const Size slide :
       {Size{100000, 80000}, {2220, 2967}, {500, 300}, {65536, 65536}, {65537, 900}, {3000, 90}, {64, 64}, {262145, 300}}) {
    const int downsample = heatmap_downsample(slide);
    EXPECT_EQ(downsample & (downsample - 1), 0);
    EXPECT_LE((std::max(slide.width, slide.height) + downsample - 1) / downsample, 4096);
    const std::int64_t shorter = (std::min(slide.width, slide.height) + downsample - 1) / downsample;
    const bool finer_is_too_long = (std::max(slide.width, slide.height) + downsample / 2 - 1) / std::max(downsample / 2, 1) > 4096;
    EXPECT_TRUE(shorter >= 64 || downsample == 1 || finer_is_too_long) << slide.width << "x" << slide.height;
  }
  EXPECT_EQ(heatmap_downsample({100000, 80000}), 32);
  EXPECT_EQ(heatmap_downsample({65536, 65536}), 16);
  EXPECT_EQ(heatmap_downsample({2220, 2967}), 16);
  EXPECT_EQ(heatmap_downsample({500, 300}), 4);
}

TEST(PercentileRanks, EqualScipysRankdata) {
  const std::vector<float> scores = {0.5F, 0.1F, 0.5F, 0.9F, 0.1F, 0.1F, 0.0F, 0.7F};
  // golden/percentile_ranks.py
  const std::vector<float> expected = {0.6875F, 0.375F, 0.6875F, 1.0F, 0.375F, 0.375F, 0.125F, 0.875F};
  EXPECT_EQ(percentile_ranks(scores), expected);
}

TEST(PercentileRanks, PassOverWhatIsNotANumber) {
  const std::vector<float> ranks = percentile_ranks(std::vector<float>{2, std::numeric_limits<float>::quiet_NaN(), 1});
  EXPECT_EQ(ranks[0], 1.0F);
  EXPECT_TRUE(std::isnan(ranks[1]));
  EXPECT_EQ(ranks[2], 0.5F);
  EXPECT_TRUE(percentile_ranks({}).empty());
}

}  // namespace
}  // namespace microtome
