// SPDX-License-Identifier: Apache-2.0
// Learn here where tiles start, which level they are read from, and when a slide is too coarse.
#include "tiling/tile_grid.h"

#include <gtest/gtest.h>

#include <cmath>

namespace microtome {
namespace {

using Starts = std::vector<std::int64_t>;

SlideInfo slide_with(std::initializer_list<double> downsamples) {
  SlideInfo info;
  for (const double d : downsamples)
    info.levels.push_back({{static_cast<std::int64_t>(10000 / d), static_cast<std::int64_t>(8000 / d)}, d, {256, 256}, true});
  info.bounds = {0, 0, 10000, 8000};
  return info;
}

TilingSettings tiles(int px, double mpp, int overlap = 0) {
  TilingSettings settings;
  settings.tile_px = px;
  settings.target_mpp = mpp;
  settings.overlap_px = overlap;
  return settings;
}

int level_for(const SlideInfo& info, double mpp, double target) { return tile_geometry(info, {mpp, "test"}, tiles(256, target)).level; }

TEST(TileGrid, LastTileOverhangsOnlyWhenPadding) {
  EXPECT_EQ(axis_starts(0, 1000, 256, 256, false), (Starts{0, 256, 512}));
  EXPECT_EQ(axis_starts(0, 1000, 256, 256, true), (Starts{0, 256, 512, 768}));
}

TEST(TileGrid, AnAxisThatFitsExactlyIsTheSameWithAndWithoutPadding) {
  EXPECT_EQ(axis_starts(0, 1024, 256, 256, false), (Starts{0, 256, 512, 768}));
  EXPECT_EQ(axis_starts(0, 1024, 256, 256, true), (Starts{0, 256, 512, 768}));
}

TEST(TileGrid, OverlapStopsWhenTheAxisIsCovered) {
  EXPECT_EQ(axis_starts(0, 1024, 256, 192, false), (Starts{0, 192, 384, 576, 768}));
  EXPECT_EQ(axis_starts(0, 1024, 256, 192, true), (Starts{0, 192, 384, 576, 768}));
  EXPECT_EQ(axis_starts(0, 1030, 256, 192, true), (Starts{0, 192, 384, 576, 768, 960}));
}

TEST(TileGrid, AnAxisShorterThanATileHasOneStartWithPaddingAndNoneWithout) {
  EXPECT_EQ(axis_starts(10, 100, 256, 256, false), Starts{});
  EXPECT_EQ(axis_starts(10, 100, 256, 256, true), Starts{10});
  EXPECT_EQ(axis_starts(10, 0, 256, 256, true), Starts{});
}

TEST(TileGrid, StartsBeginAtTheBounds) { EXPECT_EQ(axis_starts(1234, 600, 256, 256, false), (Starts{1234, 1490})); }

TEST(TileGrid, RoundingNeverAccumulates) {
  for (const double side : {513.0260521042084, 255.7, 100.5, 17.3}) {
    for (const double start : {0.0, 77.0}) {
      for (const bool padding : {false, true}) {
        const double extent = 100000, end = start + extent;
        const Starts starts = axis_starts(start, extent, side, side, padding);
        ASSERT_FALSE(starts.empty());
        for (std::size_t k = 0; k < starts.size(); ++k) {
          ASSERT_LE(std::abs(static_cast<double>(starts[k]) - (start + static_cast<double>(k) * side)), 0.5);
          if (k > 0) {
            ASSERT_LE(std::abs(static_cast<double>(starts[k] - starts[k - 1]) - side), 1.0);
          }
          if (!padding) {
            ASSERT_LE(static_cast<double>(starts[k]) + side, end + 1e-6);
          }
        }
        const double reached = static_cast<double>(starts.back()) + side;
        if (padding) {
          EXPECT_GE(reached, end - 1e-6);
        } else {
          EXPECT_GT(reached + side, end - 1);
        }
      }
    }
  }
}

TEST(TileGrid, SideAndStepStayReal) {
  const TileGeometry geometry = tile_geometry(slide_with({1}), {0.499, "test"}, tiles(256, 0.5, 64));
  EXPECT_DOUBLE_EQ(geometry.side_level0, 256 * 0.5 / 0.499);
  EXPECT_DOUBLE_EQ(geometry.step_level0, 192 * 0.5 / 0.499);
  EXPECT_EQ(geometry.tile_px, 256);
  EXPECT_EQ(geometry.overlap_px, 64);
  EXPECT_EQ(geometry.target_mpp, 0.5);
  EXPECT_EQ(geometry.slide_mpp, 0.499);
}

TEST(TileGrid, ReadsTheCoarsestLevelThatServesTheTarget) {
  const SlideInfo info = slide_with({1, 4, 16});
  EXPECT_EQ(level_for(info, 0.25, 0.25), 0);
  EXPECT_EQ(level_for(info, 0.25, 0.98), 0);
  EXPECT_EQ(level_for(info, 0.25, 0.995), 1);  // 1 um/px is less than 1 % coarser
  EXPECT_EQ(level_for(info, 0.25, 1.0), 1);
  EXPECT_EQ(level_for(info, 0.25, 4.0), 2);
  EXPECT_EQ(level_for(info, 0.25, 50.0), 2);
}

TEST(TileGrid, NeverReadsAnUntrustedLevel) {
  SlideInfo info = slide_with({1, 2, 4});
  info.levels[1].trusted = false;
  EXPECT_EQ(level_for(info, 0.25, 0.5), 0);
  EXPECT_EQ(level_for(info, 0.25, 1.0), 2);
}

TEST(TileGrid, LevelsNeedNotBeSortedOrWhole) {
  const SlideInfo info = slide_with({1, 8.0005, 2.0003});
  EXPECT_EQ(level_for(info, 0.25, 0.5), 2);
  EXPECT_DOUBLE_EQ(tile_geometry(info, {0.25, "test"}, tiles(256, 2.0)).downsample, 8.0005);
}

TEST(TileGrid, ACoarseSlideNeedsPermissionToBeEnlarged) {
  const SlideInfo info = slide_with({1, 2});
  EXPECT_EQ(level_for(info, 0.505, 0.5), 0);
  try {
    level_for(info, 0.506, 0.5);
    ADD_FAILURE() << "no error";
  } catch (const SlideError& error) {
    EXPECT_EQ(error.code(), "needs_upsampling");
    EXPECT_STREQ(error.what(),
                 "cut tiles at 0.5 um/px: the slide has only 0.506 um/px: choose a coarser target_mpp, or set allow_upsampling");
  }
  TilingSettings settings = tiles(256, 0.5);
  settings.allow_upsampling = true;
  EXPECT_EQ(tile_geometry(info, {1.0, "test"}, settings).level, 0);
  EXPECT_DOUBLE_EQ(tile_geometry(info, {1.0, "test"}, settings).side_level0, 128);
}

}  // namespace
}  // namespace microtome
