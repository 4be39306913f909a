// SPDX-License-Identifier: Apache-2.0
// Learn here how a tile's pixels are made: the level's own bytes where the scale is right, the slide's edge.
#include "tiling/tile_reader.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <numbers>

#include "tests/support/fake_slide.h"
#include "tests/support/tiff_slide.h"
#include "tests/tiling/resampled.h"

namespace microtome {
namespace {

using Bytes = std::vector<std::uint8_t>;

FakeSlide fake(Size size, std::vector<int> downsamples, double mpp = 0.5) {
  FakeSlideSettings settings;
  settings.size = size;
  settings.mpp = mpp;
  settings.downsamples = std::move(downsamples);
  settings.tissue = {{0, 0, static_cast<double>(size.width), static_cast<double>(size.height)}};
  return FakeSlide(settings);
}

TileGeometry geometry_of(const Slide& slide, int tile_px, double target_mpp) {
  TilingSettings settings;
  settings.tile_px = tile_px;
  settings.target_mpp = target_mpp;
  settings.allow_upsampling = true;
  return tile_geometry(slide.info(), *slide.info().scale, settings);
}

Bytes tile_of(const Slide& slide, const TileGeometry& geometry, Level0Point origin) {
  Bytes rgb(static_cast<std::size_t>(geometry.tile_px) * geometry.tile_px * 3);
  read_tile(slide, geometry, origin, rgb);
  return rgb;
}

// The same tile from the whole level.
Bytes tile_of_whole_level(const FakeSlide& slide, const TileGeometry& geometry, Level0Point origin) {
  const double d = geometry.downsample, x = static_cast<double>(origin.x_level0) / d, y = static_cast<double>(origin.y_level0) / d;
  const double side = geometry.side_level0 / d;
  return resampled(slide.whole_level(geometry.level), slide.info().levels[geometry.level].size, {x, y, x + side, y + side},
                   {geometry.tile_px, geometry.tile_px});
}

TEST(ReadTile, AtTheLevelsScaleTheBytesAreTheLevelsOwn) {
  const FakeSlide slide = fake({1200, 900}, {1, 4});
  Bytes wanted(64 * 64 * 3);
  read_window(slide, 0, 101, 333, {64, 64}, wanted);
  EXPECT_EQ(tile_of(slide, geometry_of(slide, 64, 0.5), {101, 333}), wanted);
  read_window(slide, 1, 100, 21, {64, 64}, wanted);
  const TileGeometry coarse = geometry_of(slide, 64, 2.0);
  ASSERT_EQ(coarse.level, 1);
  EXPECT_EQ(tile_of(slide, coarse, {400, 84}), wanted);
}

TEST(ReadTile, InTheMiddleEqualsResamplingTheWholeLevelWithItsBox) {
  const FakeSlide slide = fake({1200, 900}, {1, 4}, 0.499);
  for (const double target : {0.46, 0.5, 0.77, 1.3, 2.0, 3.1}) {
    const TileGeometry geometry = geometry_of(slide, 48, target);
    ASSERT_EQ(geometry.level, target < 1.99 ? 0 : 1);
    for (const Level0Point origin : {Level0Point{401, 299}, Level0Point{402, 302}, Level0Point{403, 300}}) {
      ASSERT_LE(largest_difference(tile_of(slide, geometry, origin), tile_of_whole_level(slide, geometry, origin)), 0) << target;
    }
  }
}

TEST(ReadTile, AtTheEdgeOfTheSlideSeesNoBackground) {
  const FakeSlide slide = fake({600, 600}, {1, 4}, 0.499);
  for (const double target : {0.5, 1.3, 2.5}) {
    const TileGeometry geometry = geometry_of(slide, 48, target);
    const auto last = static_cast<std::int64_t>(std::floor(600 - geometry.side_level0));
    for (const Level0Point origin : {Level0Point{0, 0}, Level0Point{last, last}, Level0Point{0, last}}) {
      ASSERT_LE(largest_difference(tile_of(slide, geometry, origin), tile_of_whole_level(slide, geometry, origin)), 0) << target;
    }
  }
}

TEST(ReadTile, AnOverhangingTileIsFilledWithBackground) {
  const FakeSlide slide = fake({600, 600}, {1}, 0.499);
  const TileGeometry geometry = geometry_of(slide, 64, 1.0);
  const Bytes rgb = tile_of(slide, geometry, {536, 536});
  const auto green = [&](int x, int y) { return rgb[(y * 64 + x) * 3 + 1]; };
  EXPECT_LT(green(5, 5), 160);    // tissue
  EXPECT_EQ(green(40, 5), 255);   // right of the slide
  EXPECT_EQ(green(63, 63), 255);  // below it
}

// Waves of 20 level-0 pixels, along x in red and along y in green, as a level of these pixel sizes shows them.
Bytes waves(Size size, double dx, double dy) {
  const auto wave = [](double at) { return static_cast<std::uint8_t>(std::lround(128 + 100 * std::sin(at * 2 * std::numbers::pi / 20))); };
  Bytes rgb;
  for (std::int64_t y = 0; y < size.height; ++y) {
    for (std::int64_t x = 0; x < size.width; ++x) {
      rgb.insert(rgb.end(), {wave((static_cast<double>(x) + 0.5) * dx), wave((static_cast<double>(y) + 0.5) * dy), 0});
    }
  }
  return rgb;
}

// Where, in level-0 pixels, the waves of a tile of 24 pixels and three waves begin: along x (channel 0) or y (channel 1).
double wave_start(const Bytes& rgb, int channel) {
  double sine = 0, cosine = 0;
  for (int i = 0; i < 24 * 24; ++i) {
    const double angle = ((channel == 0 ? i % 24 : i / 24) + 0.5) * 2 * std::numbers::pi / 8;
    sine += rgb[3 * i + channel] * std::sin(angle);
    cosine += rgb[3 * i + channel] * std::cos(angle);
  }
  return std::atan2(cosine, sine) / (2 * std::numbers::pi) * 20;
}

TEST(ReadTile, ALevelThatIsNoWholeFractionShowsTheSamePlaceAsLevel0) {
  const Size full{301, 257}, half{150, 128};
  const auto path = std::filesystem::temp_directory_path() / ("microtome_waves_" + std::to_string(::getpid()) + ".tif");
  TiffSlideSettings settings;
  settings.tile = {64, 64};
  settings.levels = {{full, waves(full, 1, 1)}, {half, waves(half, 301.0 / 150, 257.0 / 128)}};
  write_tiff_slide(path, settings);
  const auto slide = open_slide(path);
  ASSERT_NE(slide->info().levels[1].downsample, 2.0);
  const TileGeometry coarse{24, 0, 2.5, 1, 60, 60, 1, slide->info().levels[1].downsample};
  TileGeometry fine = coarse;
  fine.level = 0;
  fine.downsample = 1;
  for (std::int64_t at = 20; at < 190; at += 7) {
    const Bytes a = tile_of(*slide, coarse, {at, at}), b = tile_of(*slide, fine, {at, at});
    for (const int channel : {0, 1}) {
      EXPECT_NEAR(std::remainder(wave_start(a, channel) - wave_start(b, channel), 20), 0, 0.2) << at;
    }
  }
  std::filesystem::remove(path);
}

TEST(ReadTile, AFailedReadIsPassedOn) {
  const FaultySlide slide(std::make_unique<FakeSlide>(fake({600, 600}, {1})), {{{100, 100, 10, 10}}, 0, -1});
  const TileGeometry geometry = geometry_of(slide, 64, 0.5);
  EXPECT_NO_THROW(tile_of(slide, geometry, {200, 200}));
  try {
    tile_of(slide, geometry, {64, 64});
    ADD_FAILURE() << "no error";
  } catch (const SlideError& error) {
    EXPECT_EQ(error.code(), "read_failed");
    EXPECT_STREQ(error.what(), "read a region of the slide: a planned fault: copy the file again from its source");
  }
}

TEST(FaultySlide, FailsAtTheReadItIsToldAndAtNoOther) {
  const FaultySlide slide(std::make_unique<FakeSlide>(fake({600, 600}, {1})), {{}, 0, 2});
  const TileGeometry geometry = geometry_of(slide, 64, 0.5);
  for (int i = 0; i < 5; ++i) {
    if (i == 2) {
      EXPECT_THROW(tile_of(slide, geometry, {0, 0}), SlideError);
    } else {
      EXPECT_NO_THROW(tile_of(slide, geometry, {0, 0}));
    }
  }
}

}  // namespace
}  // namespace microtome
