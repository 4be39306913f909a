// SPDX-License-Identifier: Apache-2.0
// Learn here which level tiles and overviews are read from when the codec can reduce levels by itself.
#include "tiling/level_choice.h"

#include <gtest/gtest.h>

#include "tiling/tile_grid.h"

namespace microtome {
namespace {

// Stored levels with these downsamples, then each decoded at 1/2, 1/4 and 1/8.
SlideInfo jpeg_slide(const std::vector<double>& downsamples, double offset = 0) {
  SlideInfo info;
  info.bounds = {0, 0, 65536, 65536};
  const auto add = [&](double d, int reduction) {
    const auto side = static_cast<std::int64_t>(65536 / d);
    info.levels.push_back({{side, side}, d, {256, 256}, true, reduction, reduction ? offset : 0});
  };
  for (const double d : downsamples) add(d, 0);
  for (const double d : downsamples) {
    for (int n = 1; n <= 3; ++n) add(d * (1 << n), n);
  }
  return info;
}

struct Choice {
  int stored = 0;
  int reduction = 0;
  friend bool operator==(const Choice&, const Choice&) = default;
};

void PrintTo(const Choice& choice, std::ostream* out) { *out << "level " << choice.stored << " at 1/" << (1 << choice.reduction); }

Choice choice(const SlideInfo& info, double slide_mpp, double target_mpp, const std::string& scaling = "exact") {
  TilingSettings settings;
  settings.target_mpp = target_mpp;
  settings.codec_scaling = scaling;
  const TileGeometry geometry = tile_geometry(info, {slide_mpp, "test"}, settings);
  return {stored_level(info, geometry.level), info.levels[geometry.level].reduction};
}

TEST(LevelChoice, AnExactPowerOfTwoIsDecodedAtThatFraction) {
  const SlideInfo info = jpeg_slide({1, 8});
  EXPECT_EQ(choice(info, 0.25, 0.25), (Choice{0, 0}));
  EXPECT_EQ(choice(info, 0.25, 0.5), (Choice{0, 1}));
  EXPECT_EQ(choice(info, 0.25, 1.0), (Choice{0, 2}));
  EXPECT_EQ(choice(info, 0.25, 4.0), (Choice{1, 1}));
}

TEST(LevelChoice, AStoredLevelGoesBeforeAReducedOneOfTheSameScale) {
  EXPECT_EQ(choice(jpeg_slide({1, 4, 16}), 0.25, 1.0), (Choice{1, 0}));
  EXPECT_EQ(choice(jpeg_slide({1, 4, 16}), 0.25, 2.0), (Choice{1, 1}));
}

TEST(LevelChoice, NearAPowerOfTwoTheFullDecodingIsAveragedUnlessTheUserWantsSpeed) {
  const SlideInfo info = jpeg_slide({1});
  EXPECT_EQ(choice(info, 0.2525, 0.5), (Choice{0, 0}));
  EXPECT_EQ(choice(info, 0.2505, 0.5), (Choice{0, 0}));
  EXPECT_EQ(choice(info, 0.2505, 0.5, "near"), (Choice{0, 1}));
  EXPECT_EQ(choice(info, 0.2524, 0.5, "near"), (Choice{0, 1}));
  EXPECT_EQ(choice(info, 0.2540, 0.5, "near"), (Choice{0, 0}));
}

TEST(LevelChoice, WaveletBandsLieOffTheGridAndNeedPermission) {
  const SlideInfo info = jpeg_slide({1}, 0.25);
  EXPECT_EQ(choice(info, 0.25, 0.5), (Choice{0, 0}));
  EXPECT_EQ(choice(info, 0.25, 0.5, "near"), (Choice{0, 1}));
}

TEST(LevelChoice, FromFourPixelsToOneOnAveragingHidesTheCodec) {
  const SlideInfo info = jpeg_slide({1});
  EXPECT_EQ(choice(info, 0.25, 1.9), (Choice{0, 0}));  // 3.8 half-size pixels
  EXPECT_EQ(choice(info, 0.25, 2.1), (Choice{0, 1}));  // 4.2
  EXPECT_EQ(choice(info, 0.25, 8.1), (Choice{0, 3}));
}

TEST(LevelChoice, TilesOffTheReducedGridAreReadInFull) {
  SlideInfo info = jpeg_slide({1});
  info.bounds.x_level0 = 3;
  EXPECT_EQ(choice(info, 0.25, 0.5), (Choice{0, 0}));
}

TEST(LevelChoice, DocumentsNameWhatWasDone) {
  const SlideInfo info = jpeg_slide({1});
  const auto name = [&](double mpp, double target, const char* scaling = "exact") {
    TilingSettings settings;
    settings.target_mpp = target;
    settings.codec_scaling = scaling;
    return resampling_name(info, tile_geometry(info, {mpp, "test"}, settings));
  };
  EXPECT_EQ(name(0.25, 0.25), "none");
  EXPECT_EQ(name(0.25, 0.5), "codec-1/2");
  EXPECT_EQ(name(0.2505, 0.5), "area");
  EXPECT_EQ(name(0.2505, 0.5, "near"), "codec-1/2+area");
}

}  // namespace
}  // namespace microtome
