// SPDX-License-Identifier: Apache-2.0
// Learn here which grid tiles become work, in which order, and how exact their tissue share is.
#include "tiling/tile_plan.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace microtome {
namespace {

struct Case {
  SlideInfo info;
  TilingSettings settings;
  TissueMask mask;

  TilePlan plan() const { return plan_tiles(info, tile_geometry(info, *info.scale, settings), mask, settings); }
};

// A slide of `size` at 0.5 um/px whose mask has `downsample` level-0 pixels a pixel and is all glass.
Case glass(Size size, double downsample) {
  Case c;
  c.info.levels = {{size, 1, {}, true}};
  c.info.scale = Scale{0.5, "test"};
  c.info.bounds = {0, 0, static_cast<double>(size.width), static_cast<double>(size.height)};
  c.mask.downsample = downsample;
  c.mask.mpp = downsample / 2;
  c.mask.size = {static_cast<std::int64_t>(std::ceil(static_cast<double>(size.width) / downsample)),
                 static_cast<std::int64_t>(std::ceil(static_cast<double>(size.height) / downsample))};
  c.mask.inside.assign(c.mask.size.width * c.mask.size.height, 0);
  return c;
}

void paint(TissueMask& mask, std::int64_t x0, std::int64_t y0, std::int64_t x1, std::int64_t y1) {
  for (std::int64_t y = y0; y < y1; ++y) {
    for (std::int64_t x = x0; x < x1; ++x) mask.inside[y * mask.size.width + x] = 1;
  }
}

// The share of a box inside the mask, pixel by pixel.
double slow_fraction(const TissueMask& mask, const PlannedTile& tile, double side) {
  const auto overlap = [](double a0, double a1, double b0, double b1) { return std::max(0.0, std::min(a1, b1) - std::max(a0, b0)); };
  const auto x0 = static_cast<double>(tile.origin.x_level0), y0 = static_cast<double>(tile.origin.y_level0);
  double area = 0;
  for (std::int64_t y = 0; y < mask.size.height; ++y) {
    for (std::int64_t x = 0; x < mask.size.width; ++x) {
      if (!mask.inside[y * mask.size.width + x]) continue;
      const double px = mask.x_level0 + static_cast<double>(x) * mask.downsample,
                   py = mask.y_level0 + static_cast<double>(y) * mask.downsample;
      area += overlap(px, px + mask.downsample, x0, x0 + side) * overlap(py, py + mask.downsample, y0, y0 + side);
    }
  }
  return area / (side * side);
}

TEST(TilePlan, AllTissueGivesEveryGridTileInRowMajorOrder) {
  Case c = glass({1100, 800}, 16);
  paint(c.mask, 0, 0, c.mask.size.width, c.mask.size.height);
  const TilePlan plan = c.plan();
  ASSERT_EQ(plan.tiles.size(), 4u * 3u);
  for (std::size_t i = 0; i < plan.tiles.size(); ++i) {
    EXPECT_EQ(plan.tiles[i].row, static_cast<int>(i / 4));
    EXPECT_EQ(plan.tiles[i].column, static_cast<int>(i % 4));
    EXPECT_EQ(plan.tiles[i].origin, (Level0Point{static_cast<std::int64_t>(i % 4) * 256, static_cast<std::int64_t>(i / 4) * 256}));
    EXPECT_EQ(plan.tiles[i].tissue_fraction, 1.0f);
  }
}

TEST(TilePlan, ARectangleGivesExactlyTheTilesItCoversEnough) {
  // tissue [256, 576) x [0, 512): the third column is covered by a quarter
  Case c = glass({1024, 1024}, 16);
  paint(c.mask, 16, 0, 36, 32);
  c.settings.min_tissue = 0.25;
  ASSERT_EQ(c.plan().tiles.size(), 4u);
  EXPECT_EQ(c.plan().tiles[1].tissue_fraction, 0.25f);
  c.settings.min_tissue = 0.26;
  EXPECT_EQ(c.plan().tiles.size(), 2u);
}

TEST(TilePlan, MaskPixelsCutByATileCountByTheirShare) {
  Case c = glass({512, 256}, 100);
  paint(c.mask, 2, 0, 3, 1);  // [200, 300) x [0, 100) is shared by two tiles: 56 and 44 wide
  c.settings.min_tissue = 0;
  const TilePlan plan = c.plan();
  ASSERT_EQ(plan.tiles.size(), 2u);
  EXPECT_FLOAT_EQ(plan.tiles[0].tissue_fraction, 56.0f * 100 / (256 * 256));
  EXPECT_FLOAT_EQ(plan.tiles[1].tissue_fraction, 44.0f * 100 / (256 * 256));
}

TEST(TilePlan, NoTissueIsAnEmptyPlanEvenWhenNoneIsAskedFor) {
  Case c = glass({1024, 1024}, 16);
  c.settings.min_tissue = 0;
  EXPECT_TRUE(c.plan().tiles.empty());
  c.mask = TissueMask{};
  EXPECT_TRUE(c.plan().tiles.empty());
}

TEST(TilePlan, OnlyTheBoundsAreTiled) {
  Case c = glass({4096, 4096}, 16);
  c.info.bounds = {1000, 2000, 600, 300};
  c.mask.x_level0 = 1000;
  c.mask.y_level0 = 2000;
  c.mask.size = {38, 19};
  c.mask.inside.assign(38 * 19, 1);
  const TilePlan plan = c.plan();
  ASSERT_EQ(plan.tiles.size(), 2u);
  EXPECT_EQ(plan.tiles[0].origin, (Level0Point{1000, 2000}));
  EXPECT_EQ(plan.tiles[1].origin, (Level0Point{1256, 2000}));
}

TEST(TilePlan, PaddingKeepsTheOverhangAndCountsItAsNoTissue) {
  Case c = glass({256 + 128, 256}, 64);
  paint(c.mask, 0, 0, c.mask.size.width, c.mask.size.height);
  EXPECT_EQ(c.plan().tiles.size(), 1u);
  c.settings.padding = true;
  const TilePlan plan = c.plan();
  ASSERT_EQ(plan.tiles.size(), 2u);
  EXPECT_FLOAT_EQ(plan.tiles[1].tissue_fraction, 0.5f);
}

TEST(TilePlan, EveryPlanIsSortedInsideUniformAndHonestAboutTissue) {
  std::mt19937 random(7);
  for (int round = 0; round < 30; ++round) {
    const Size size{300 + static_cast<std::int64_t>(random() % 2000), 300 + static_cast<std::int64_t>(random() % 2000)};
    Case c = glass(size, 7.5 + static_cast<double>(random() % 1000) / 37);
    for (auto& pixel : c.mask.inside) pixel = random() % 3 != 0;
    c.info.scale->mpp = 0.21 + static_cast<double>(random() % 300) / 1000;
    c.settings.tile_px = 64 + static_cast<int>(random() % 100);
    c.settings.overlap_px = static_cast<int>(random() % 60);
    c.settings.min_tissue = static_cast<double>(random() % 80) / 100;
    const TilePlan plan = c.plan();
    const double side = plan.geometry.side_level0, step = plan.geometry.step_level0;
    for (std::size_t i = 0; i < plan.tiles.size(); ++i) {
      const PlannedTile& tile = plan.tiles[i];
      if (i > 0) {
        ASSERT_LT(std::pair(plan.tiles[i - 1].row, plan.tiles[i - 1].column), std::pair(tile.row, tile.column));
      }
      ASSERT_GE(tile.origin.x_level0, 0);
      ASSERT_GE(tile.origin.y_level0, 0);
      ASSERT_LE(static_cast<double>(tile.origin.x_level0) + side, static_cast<double>(size.width) + 1e-6);
      ASSERT_LE(static_cast<double>(tile.origin.y_level0) + side, static_cast<double>(size.height) + 1e-6);
      ASSERT_EQ(tile.origin.x_level0, std::llround(tile.column * step));
      ASSERT_EQ(tile.origin.y_level0, std::llround(tile.row * step));
      ASSERT_GT(tile.tissue_fraction, 0);
      ASSERT_GE(tile.tissue_fraction, c.settings.min_tissue - 1e-6);
      ASSERT_NEAR(tile.tissue_fraction, slow_fraction(c.mask, tile, side), 1e-6);
    }
  }
}

}  // namespace
}  // namespace microtome
