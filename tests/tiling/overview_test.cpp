// SPDX-License-Identifier: Apache-2.0
// Learn here how a slide is shrunk: exact averages, the right level, the slide's edges, its bounds.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/fake_slide.h"
#include "tiling/tissue.h"

namespace microtome {
namespace {

// A fake whose bounds and levels a test may change, and which counts what is read.
class TracedSlide : public Slide {
 public:
  explicit TracedSlide(FakeSlideSettings settings) : slide(std::move(settings)), changed(slide.info()) {}
  const SlideInfo& info() const override { return changed; }
  void read(int level, std::span<LevelWindow> windows, const StoredBytes* fetched) const override {
    levels.push_back(level);
    for (const LevelWindow& window : windows) largest = std::max({largest, window.size.width, window.size.height});
    slide.read(level, windows, fetched);
  }
  FakeSlide slide;
  SlideInfo changed;
  mutable std::vector<int> levels;
  mutable std::int64_t largest = 0;
};

FakeSlideSettings fake(Size size, std::vector<int> downsamples, std::vector<Level0Rect> tissue = {}) {
  FakeSlideSettings settings;
  settings.size = size;
  settings.downsamples = std::move(downsamples);
  settings.tissue = std::move(tissue);
  return settings;
}

TissueSettings at(double overview_mpp) {
  TissueSettings settings;
  settings.overview_mpp = overview_mpp;
  return settings;
}

// Averages level-0 pixels over one overview pixel, weighted by the share that lies inside it.
std::array<double, 3> slow_average(const FakeSlide& slide, const Overview& overview, std::int64_t i, std::int64_t j) {
  const Level0Rect& bounds = slide.info().bounds;
  const double x0 = overview.x_level0 + static_cast<double>(i) * overview.downsample,
               x1 = std::min(x0 + overview.downsample, bounds.width_level0);
  const double y0 = overview.y_level0 + static_cast<double>(j) * overview.downsample,
               y1 = std::min(y0 + overview.downsample, bounds.height_level0);
  std::array<double, 3> sum{};
  double weight = 0;
  for (auto y = static_cast<std::int64_t>(y0); static_cast<double>(y) < y1; ++y) {
    for (auto x = static_cast<std::int64_t>(x0); static_cast<double>(x) < x1; ++x) {
      const double share = (std::min(x1, static_cast<double>(x + 1)) - std::max(x0, static_cast<double>(x))) *
                           (std::min(y1, static_cast<double>(y + 1)) - std::max(y0, static_cast<double>(y)));
      const Rgb colour = slide.pixel(x, y);
      sum[0] += share * colour.r;
      sum[1] += share * colour.g;
      sum[2] += share * colour.b;
      weight += share;
    }
  }
  for (double& value : sum) value /= weight;
  return sum;
}

TEST(Overview, EveryPixelIsTheExactAverageOfWhatItCoversAcrossBlocksAndEdges) {
  // 13.4 level-0 pixels a pixel: cuts level pixels, blocks and the slide's edge
  const FakeSlide slide(fake({1501, 1203}, {1}, {{200, 100, 700, 900}}));
  const Overview overview = read_overview(slide, 0.5, at(6.7));
  ASSERT_EQ(overview.size, (Size{113, 90}));
  EXPECT_DOUBLE_EQ(overview.downsample, 13.4);
  EXPECT_DOUBLE_EQ(overview.mpp, 6.7);
  for (std::int64_t j = 0; j < overview.size.height; ++j) {
    for (std::int64_t i = 0; i < overview.size.width; ++i) {
      const auto wanted = slow_average(slide, overview, i, j);
      for (int c = 0; c < 3; ++c) ASSERT_NEAR(overview.rgb[(j * overview.size.width + i) * 3 + c], wanted[c], 0.5001) << i << ',' << j;
    }
  }
}

TEST(Overview, ReadsTheCoarsestTrustedLevelThatIsFiner) {
  TracedSlide slide(fake({4096, 4096}, {1, 4, 16, 64}));
  EXPECT_EQ(read_overview(slide, 0.5, at(8)).size, (Size{256, 256}));
  EXPECT_EQ(slide.levels, std::vector<int>{2});
  slide.levels.clear();
  slide.changed.levels[2].trusted = false;
  EXPECT_EQ(read_overview(slide, 0.5, at(8)).size, (Size{256, 256}));
  EXPECT_EQ(slide.levels.front(), 1);
}

TEST(Overview, ALevelAtTheOverviewsScaleIsTakenAsItIs) {
  const FakeSlide slide(fake({2048, 1024}, {1, 16}, {{300, 300, 500, 400}}));
  EXPECT_EQ(read_overview(slide, 0.5, at(8)).rgb, slide.whole_level(1));
}

TEST(Overview, IsNeverFinerThanTheSlide) {
  const FakeSlide slide(fake({300, 200}, {1}));
  const Overview overview = read_overview(slide, 4, at(1));
  EXPECT_EQ(overview.size, (Size{300, 200}));
  EXPECT_DOUBLE_EQ(overview.downsample, 1);
  EXPECT_DOUBLE_EQ(overview.mpp, 4);
}

TEST(Overview, ReadsBlocksOfBoundedSize) {
  TracedSlide slide(fake({5000, 1500}, {1}));
  read_overview(slide, 0.5, at(8));
  EXPECT_LE(slide.largest, 1024);
  EXPECT_GE(slide.levels.size(), 10u);
}

TEST(Overview, CoversTheBoundsAndNothingElse) {
  TracedSlide slide(fake({2000, 2000}, {1, 4}, {{1000, 800, 330, 170}}));
  slide.changed.bounds = {1000, 800, 330, 170};  // the last overview pixels lie half outside
  const Overview overview = read_overview(slide, 0.5, at(8));
  EXPECT_EQ(overview.size, (Size{21, 11}));
  EXPECT_EQ(overview.x_level0, 1000);
  EXPECT_EQ(overview.y_level0, 800);
  for (std::size_t i = 1; i < overview.rgb.size(); i += 3) ASSERT_LT(overview.rgb[i], 160) << "glass at " << i / 3;
}

TEST(Overview, ALevelThatIsAPixelShortGivesItsLastPixelAgain) {
  // 1000 level-0 pixels, but only 249 of the level's 250: 0.8 of the last overview pixel is past it
  TracedSlide slide(fake({1000, 1000}, {1, 4}));
  slide.changed.levels[1].size = {249, 249};
  const Overview overview = read_overview(slide, 2, at(8.0));
  ASSERT_EQ(overview.size, (Size{250, 250}));
  for (std::size_t i = 0; i < overview.rgb.size(); ++i) ASSERT_GE(overview.rgb[i], 242);
}

TEST(Overview, DamageStaysWhereItIsAndCountsAsTissue) {
  // 16 level-0 pixels a pixel; the damage lies on overview pixels (40..60, 30..42)
  const auto clean = [] { return std::make_unique<FakeSlide>(fake({2048, 1024}, {1}, {{0, 0, 500, 500}})); };
  const FaultySlide slide(clean(), {{{640, 480, 320, 192}}, 0, -1});
  const Overview overview = read_overview(slide, 0.5, at(8)), whole = read_overview(*clean(), 0.5, at(8));
  ASSERT_EQ(overview.size, whole.size);
  ASSERT_EQ(overview.unknown.size(), static_cast<std::size_t>(128 * 64));
  TissueMask mask{overview.size, 16, 8, 0, 0, std::vector<std::uint8_t>(128 * 64), 0};
  count_unknown_as_tissue(overview, mask);
  for (std::int64_t y = 0; y < 64; ++y) {
    for (std::int64_t x = 0; x < 128; ++x) {
      const std::int64_t i = y * 128 + x;
      const bool damaged = x >= 40 && x < 60 && y >= 30 && y < 42, near = x >= 32 && x < 68 && y >= 22 && y < 50;
      ASSERT_EQ(mask.inside[i] != 0, overview.unknown[i] != 0);
      ASSERT_TRUE(overview.unknown[i] || !damaged) << x << ',' << y;
      ASSERT_TRUE(near || !overview.unknown[i]) << x << ',' << y;
      for (int c = 0; c < 3; ++c) ASSERT_EQ(overview.rgb[3 * i + c], overview.unknown[i] ? 128 : whole.rgb[3 * i + c]);
    }
  }
}

TEST(Overview, ASlideOfWhichNothingCanBeReadFails) {
  const FaultySlide slide(std::make_unique<FakeSlide>(fake({1000, 1000}, {1})), {{{0, 0, 1000, 1000}}, 0, -1});
  try {
    read_overview(slide, 0.5, at(8));
    ADD_FAILURE() << "no error";
  } catch (const SlideError& error) {
    EXPECT_EQ(error.code(), "read_failed");
  }
}

}  // namespace
}  // namespace microtome
