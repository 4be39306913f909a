// SPDX-License-Identifier: Apache-2.0
// A picture with what decoders get wrong: saturated colours, smooth slopes, sharp edges, noise.
#include <algorithm>
#include <cmath>

#include "tests/support/tiff_slide.h"

namespace microtome {
namespace {

std::uint32_t hash(std::int64_t x, std::int64_t y) {
  auto h = static_cast<std::uint32_t>(x * 374761393 + y * 668265263);
  h = (h ^ (h >> 13)) * 1274126177u;
  return h ^ (h >> 16);
}

double nearest_nucleus(double x, double y) {
  double nearest = 1e9;
  const auto cell_x = static_cast<std::int64_t>(std::floor(x / 24)), cell_y = static_cast<std::int64_t>(std::floor(y / 24));
  for (std::int64_t i = cell_x - 1; i <= cell_x + 1; ++i) {
    for (std::int64_t j = cell_y - 1; j <= cell_y + 1; ++j) {
      const std::uint32_t h = hash(i, j);
      const double dx = x - (static_cast<double>(i) * 24 + h % 24), dy = y - (static_cast<double>(j) * 24 + h / 24 % 24);
      nearest = std::min(nearest, std::hypot(dx, dy * 1.4));
    }
  }
  return nearest;
}

}  // namespace

TiffSlideLevel tissue_level(Size size) {
  TiffSlideLevel level{size, {}};
  for (std::int64_t row = 0; row < size.height; ++row) {
    for (std::int64_t column = 0; column < size.width; ++column) {
      const auto x = static_cast<double>(column), y = static_cast<double>(row);
      const double ground = 0.5 + 0.5 * std::sin(x / 37 + std::sin(y / 53) * 2), gap = std::sin(x / 71) + std::cos(y / 61) > 1.2 ? 1 : 0;
      const double nucleus = gap > 0 ? 0 : std::clamp((8 - nearest_nucleus(x, y)) / 3, 0.0, 1.0);
      const double eosin[3] = {245 - 25 * ground, 215 - 90 * ground, 235 - 40 * ground}, haematoxylin[3] = {80, 35, 125};
      for (int c = 0; c < 3; ++c) {
        const double stained = eosin[c] * (1 - nucleus) + haematoxylin[c] * nucleus;
        const double noise = static_cast<double>((hash(column, row) >> 8 * c & 15)) - 7.5;
        level.rgb.push_back(static_cast<std::uint8_t>(std::clamp(std::lround(gap > 0 ? 250 + noise : stained + noise), 0l, 255l)));
      }
    }
  }
  return level;
}

std::vector<TiffSlideLevel> tissue_pyramid(const std::vector<Size>& sizes) {
  std::vector<TiffSlideLevel> levels{tissue_level(sizes.at(0))};
  for (std::size_t i = 1; i < sizes.size(); ++i) {
    TiffSlideLevel level{sizes[i], {}};
    const std::int64_t across = sizes[0].width / sizes[i].width, down = sizes[0].height / sizes[i].height;
    for (std::int64_t at = 0; at < sizes[i].width * sizes[i].height * 3; ++at) {
      const std::int64_t c = at % 3, x = at / 3 % sizes[i].width * across, y = at / 3 / sizes[i].width * down;
      std::int64_t sum = across * down / 2;
      for (std::int64_t j = 0; j < down; ++j) {
        for (std::int64_t k = 0; k < across; ++k) sum += levels[0].rgb[((y + j) * sizes[0].width + x + k) * 3 + c];
      }
      level.rgb.push_back(static_cast<std::uint8_t>(sum / (across * down)));
    }
    levels.push_back(std::move(level));
  }
  return levels;
}

}  // namespace microtome
