// SPDX-License-Identifier: Apache-2.0
// Learn here which settings are refused and in which words.
#include "tiling/tiling_settings.h"

#include <gtest/gtest.h>

#include <cmath>

namespace microtome {
namespace {

using Sentences = std::vector<std::string>;

TEST(TilingSettings, DefaultsAreValid) {
  EXPECT_EQ(validate(TilingSettings{}), Sentences{});
  EXPECT_EQ(validate(TissueSettings{}), Sentences{});
}

TEST(TilingSettings, EachImpossibleValueHasItsSentence) {
  TilingSettings settings;
  settings.tile_px = 0;
  settings.target_mpp = -1;
  settings.overlap_px = -1;
  settings.min_tissue = 1.5;
  settings.max_unreadable = NAN;
  EXPECT_EQ(validate(settings), (Sentences{"tile_px = 0: must be from 16 to 8192", "target_mpp = -1: must be from 0.05 to 100",
                                           "min_tissue = 1.5: must be from 0 to 1", "max_unreadable = nan: must be from 0 to 1",
                                           "overlap_px = -1: must be at least 0 and less than tile_px (0)"}));
}

TEST(TilingSettings, OverlapMustLeaveAStep) {
  TilingSettings settings;
  settings.overlap_px = settings.tile_px - 1;
  EXPECT_EQ(validate(settings), Sentences{});
  settings.overlap_px = settings.tile_px;
  EXPECT_EQ(validate(settings), Sentences{"overlap_px = 256: must be at least 0 and less than tile_px (256)"});
}

TEST(TissueSettings, EachImpossibleValueHasItsSentence) {
  TissueSettings settings;
  settings.overview_mpp = 0;
  settings.min_saturation = 0.5;
  settings.max_saturation = 0.4;
  settings.close_um = INFINITY;
  settings.min_speck_mm2 = -1;
  settings.min_hole_mm2 = NAN;
  EXPECT_EQ(validate(settings), (Sentences{"overview_mpp = 0: must be from 0.5 to 1000", "close_um = inf: must be from 0 to 5000",
                                           "min_speck_mm2 = -1: must be from 0 to 10000", "min_hole_mm2 = nan: must be from 0 to 10000",
                                           "min_saturation = 0.5: must not exceed max_saturation (0.4)"}));
  TissueSettings marks;
  marks.pale_saturation = 2;
  marks.pale_um = -1;
  marks.pen_saturation = -0.1;
  marks.pen_blue_saturation = NAN;
  marks.pen_red_saturation = 7;
  marks.dust_value = 1.5;
  marks.min_pen_mm2 = -1;
  marks.pen_margin_um = 2000;
  EXPECT_EQ(validate(marks), (Sentences{"pale_saturation = 2: must be from 0 to 1", "pale_um = -1: must be from 0 to 1000",
                                        "pen_saturation = -0.1: must be from 0 to 1", "pen_blue_saturation = nan: must be from 0 to 1",
                                        "pen_red_saturation = 7: must be from 0 to 1", "dust_value = 1.5: must be from 0 to 1",
                                        "min_pen_mm2 = -1: must be from 0 to 10000", "pen_margin_um = 2000: must be from 0 to 1000"}));
  TissueSettings saturation;
  saturation.min_saturation = -0.1;
  saturation.max_saturation = 1.1;
  EXPECT_EQ(validate(saturation), (Sentences{"min_saturation = -0.1: must be from 0 to 1", "max_saturation = 1.1: must be from 0 to 1"}));
}

}  // namespace
}  // namespace microtome
