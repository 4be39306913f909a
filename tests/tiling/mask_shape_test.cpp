// SPDX-License-Identifier: Apache-2.0
// Learn here what the shape rules mean: each is compared with a plain reference, pixel by pixel, on random masks.
#include "tiling/tissue/mask_shape.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace microtome {
namespace {

struct Drawn {
  Size size;
  MaskPixels pixels;
};

// Blobs and noise of many densities, also where rows or columns are few.
std::vector<Drawn> drawn_masks() {
  std::vector<Drawn> masks;
  std::mt19937 random(11);
  for (const Size size : {Size{1, 1}, Size{1, 9}, Size{9, 1}, Size{17, 23}, Size{40, 31}}) {
    for (const unsigned percent : {0, 3, 20, 50, 80, 97, 100}) {
      Drawn drawn{size, {}};
      for (std::int64_t i = 0; i < size.width * size.height; ++i) drawn.pixels.push_back(random() % 100 < percent);
      masks.push_back(std::move(drawn));
    }
  }
  return masks;
}

template <class Ask>
MaskPixels pixel_by_pixel(Size size, Ask ask) {
  MaskPixels result;
  for (std::int64_t y = 0; y < size.height; ++y) {
    for (std::int64_t x = 0; x < size.width; ++x) result.push_back(ask(x, y));
  }
  return result;
}

// Is there a pixel of `value` within the radius? Outside the mask everything is `outside`.
bool any_within(const Drawn& mask, std::int64_t x, std::int64_t y, double radius, int value, int outside) {
  const auto reach = static_cast<std::int64_t>(radius);
  for (std::int64_t v = y - reach; v <= y + reach; ++v) {
    for (std::int64_t u = x - reach; u <= x + reach; ++u) {
      if (static_cast<double>((u - x) * (u - x) + (v - y) * (v - y)) > radius * radius) continue;
      const bool in = u >= 0 && v >= 0 && u < mask.size.width && v < mask.size.height;
      if ((in ? mask.pixels[v * mask.size.width + u] : outside) == value) return true;
    }
  }
  return false;
}

MaskPixels plain_dilation(const Drawn& mask, double radius) {
  return pixel_by_pixel(mask.size, [&](auto x, auto y) { return any_within(mask, x, y, radius, 1, 0); });
}

MaskPixels plain_erosion(const Drawn& mask, double radius, int outside) {
  return pixel_by_pixel(mask.size, [&](auto x, auto y) { return !any_within(mask, x, y, radius, 0, outside); });
}

Drawn framed(const Drawn& mask, std::int64_t by) {
  const Size size{mask.size.width + 2 * by, mask.size.height + 2 * by};
  return {size, pixel_by_pixel(size, [&](auto x, auto y) {
            const bool in = x >= by && y >= by && x < by + mask.size.width && y < by + mask.size.height;
            return in ? mask.pixels[(y - by) * mask.size.width + x - by] : 0;
          })};
}

struct PlainRegion {
  std::vector<std::int64_t> pixels;
  bool on_border = false;
};

PlainRegion walk(const Drawn& mask, std::int64_t start, bool diagonals, MaskPixels& seen) {
  PlainRegion region{{start}};
  seen[start] = 1;
  for (std::size_t next = 0; next < region.pixels.size(); ++next) {
    const std::int64_t x = region.pixels[next] % mask.size.width, y = region.pixels[next] / mask.size.width;
    region.on_border |= x == 0 || y == 0 || x == mask.size.width - 1 || y == mask.size.height - 1;
    for (std::int64_t v = std::max<std::int64_t>(0, y - 1); v <= std::min(mask.size.height - 1, y + 1); ++v) {
      for (std::int64_t u = std::max<std::int64_t>(0, x - 1); u <= std::min(mask.size.width - 1, x + 1); ++u) {
        const std::int64_t i = v * mask.size.width + u;
        if ((!diagonals && u != x && v != y) || seen[i] || mask.pixels[i] != mask.pixels[start]) continue;
        seen[i] = 1;
        region.pixels.push_back(i);
      }
    }
  }
  return region;
}

template <class Use>
void each_plain_region(const Drawn& mask, int value, bool diagonals, Use use) {
  MaskPixels seen(mask.pixels.size(), 0);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (!seen[i] && mask.pixels[i] == value) use(walk(mask, static_cast<std::int64_t>(i), diagonals, seen));
  }
}

TEST(MaskShape, DilationReachesEveryPixelWithinTheRadius) {
  for (const Drawn& mask : drawn_masks()) {
    for (const double radius : {0.0, 0.7, 1.0, 1.5, 2.5, 4.2, 60.0}) {
      EXPECT_EQ(dilate(mask.pixels, mask.size, radius), plain_dilation(mask, radius)) << mask.size.width << ' ' << radius;
    }
  }
}

TEST(MaskShape, ClosingIsDilationThenErosionOnAnEndlessPlane) {
  for (const Drawn& mask : drawn_masks()) {
    for (const double radius : {1.0, 2.5, 4.2}) {
      Drawn wide = framed(mask, 12);
      wide.pixels = plain_dilation(wide, radius);
      wide.pixels = plain_erosion(wide, radius, 0);
      const MaskPixels result = close_gaps(mask.pixels, mask.size, radius);
      EXPECT_EQ(framed({mask.size, result}, 12).pixels, wide.pixels) << mask.size.width << ' ' << radius;
    }
    EXPECT_EQ(close_gaps(mask.pixels, mask.size, 0.99), mask.pixels);
  }
}

TEST(MaskShape, WideIsWhatAWholeDiscFitsIntoTheBorderNotCounting) {
  for (const Drawn& mask : drawn_masks()) {
    for (const double radius : {1.0, 1.5, 2.5}) {
      const Drawn eroded{mask.size, plain_erosion(mask, radius, 1)};
      EXPECT_EQ(keep_wide(mask.pixels, mask.size, radius), plain_dilation(eroded, radius)) << mask.size.width << ' ' << radius;
    }
  }
}

TEST(MaskShape, SmallRegionsAndHolesAreTurnedAndBaysAreNot) {
  for (const Drawn& mask : drawn_masks()) {
    for (const std::uint8_t value : {0, 1}) {
      for (const double least : {0.0, 1.0, 2.0, 5.0, 17.5}) {
        MaskPixels wanted = mask.pixels, got = mask.pixels;
        each_plain_region(mask, value, value == 1, [&](const PlainRegion& region) {
          if (static_cast<double>(region.pixels.size()) >= least || (value == 0 && region.on_border)) return;
          for (const std::int64_t i : region.pixels) wanted[i] = !value;
        });
        flip_small(got, mask.size, value, least);
        EXPECT_EQ(got, wanted) << mask.size.width << ' ' << int{value} << ' ' << least;
      }
    }
  }
}

TEST(MaskShape, ARegionIsKeptForItsSeeds) {
  std::mt19937 random(5);
  for (const Drawn& mask : drawn_masks()) {
    MaskPixels seeds(mask.pixels.size());
    for (auto& seed : seeds) seed = random() % 4 == 0;
    for (const double least : {0.0, 1.0, 3.0}) {
      MaskPixels wanted(mask.pixels.size(), 0);
      each_plain_region(mask, 1, true, [&](const PlainRegion& region) {
        const auto count = std::count_if(region.pixels.begin(), region.pixels.end(), [&](std::int64_t i) { return seeds[i]; });
        if (count == 0 || static_cast<double>(count) < least) return;
        for (const std::int64_t i : region.pixels) wanted[i] = 1;
      });
      EXPECT_EQ(regions_with_seeds(mask.pixels, seeds, mask.size, least), wanted) << mask.size.width << ' ' << least;
    }
  }
}

}  // namespace
}  // namespace microtome
