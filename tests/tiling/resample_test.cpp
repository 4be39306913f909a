// SPDX-License-Identifier: Apache-2.0
// Learn here what area averaging makes of a raster: exact shares under reduction, linear interpolation under enlargement, flat edges.
#include "tiling/resample.h"

#include <gtest/gtest.h>

#include "tests/tiling/resampled.h"

namespace microtome {
namespace {

using Bytes = std::vector<std::uint8_t>;

struct Golden {
  RasterBox box;
  Size size;
  Bytes pixels;
};

// made by golden/resample.py
const std::vector<Golden> kGolden = {
    {{0, 0, 13, 11}, {4, 3}, {120, 33,  109, 132, 131, 139, 117, 126, 125, 140, 142, 151, 123, 81,  133, 135, 160, 125,
                              120, 113, 121, 143, 118, 128, 126, 128, 130, 128, 136, 127, 113, 131, 122, 125, 115, 132}},
    {{1.25, 2.5, 9.75, 8.125}, {5, 4}, {214, 53,  131, 85,  115, 126, 85,  160, 129, 146, 90,  117, 212, 166, 124, 64,  73,  134, 114, 135,
                                        118, 162, 179, 103, 173, 108, 140, 63,  154, 110, 127, 90,  127, 193, 152, 130, 124, 197, 135, 59,
                                        119, 112, 125, 60,  133, 195, 108, 155, 75,  170, 87,  90,  94,  184, 140, 137, 170, 184, 78,  83}},
    {{3.2, 3.7, 5.9, 5.1}, {6, 4}, {63,  104, 152, 68,  125, 111, 85,  147, 56, 101, 173, 54, 118, 202, 87, 135, 188, 128,
                                    77,  109, 139, 89,  130, 107, 105, 152, 63, 122, 178, 60, 139, 206, 81, 155, 192, 120,
                                    93,  113, 137, 109, 134, 109, 126, 156, 71, 143, 182, 64, 159, 211, 75, 173, 197, 109,
                                    113, 118, 172, 130, 139, 136, 147, 161, 82, 163, 187, 63, 180, 215, 66, 178, 201, 91}},
    {{2, 1, 6, 5}, {4, 4}, {133, 41,  225, 170, 76,  4,  207, 125, 191, 244, 188, 210, 192, 54,  156, 229,
                            89,  121, 10,  138, 194, 47, 201, 175, 251, 67,  75,  32,  102, 174, 69,  151,
                            21,  106, 214, 120, 54,  80, 102, 91,  115, 131, 128, 164, 56,  165, 227, 85}},
    {{9.5, 7.5, 13, 11}, {2, 2}, {81, 90, 160, 124, 127, 135, 161, 113, 98, 141, 149, 121}},
    {{0, 0.5, 13, 10.5}, {1, 1}, {128, 117, 128}},
};

// The picture of golden/resample.py.
constexpr Size kPicture{13, 11};
Bytes picture() {
  Bytes rgb;
  for (int y = 0; y < kPicture.height; ++y) {
    for (int x = 0; x < kPicture.width; ++x) {
      for (const int value : {x * 37 + y * 59, x * x * 7 + y * 13, (x * 101) ^ (y * 43)}) rgb.push_back(static_cast<std::uint8_t>(value));
    }
  }
  return rgb;
}

TEST(Resample, AveragesAreasAsTheIntegralDoes) {
  for (const Golden& golden : kGolden) {
    EXPECT_LE(largest_difference(resampled(picture(), kPicture, golden.box, golden.size), golden.pixels), 0)
        << golden.size.width << " x " << golden.size.height;
  }
}

TEST(Resample, TheIdentityKeepsEveryByte) { EXPECT_EQ(resampled(picture(), kPicture, {0, 0, 13, 11}, kPicture), picture()); }

TEST(Resample, AFlatPictureStaysFlatAtAnyScaleEvenPastItsEdge) {
  const Bytes flat(20 * 20 * 3, 201);
  for (const RasterBox& box :
       {RasterBox{0, 0, 20, 20}, RasterBox{-5, -5, 30, 30}, RasterBox{18.5, 3, 25, 4.1}, RasterBox{40, 40, 50, 50}}) {
    EXPECT_EQ(resampled(flat, {20, 20}, box, {7, 9}), Bytes(7 * 9 * 3, 201));
  }
}

}  // namespace
}  // namespace microtome
