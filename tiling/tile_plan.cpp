// SPDX-License-Identifier: Apache-2.0
// Which grid tiles hold enough tissue; areas by a summed-area table, exact for boxes that cut mask pixels.
#include "tiling/tile_plan.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace microtome {
namespace {

// Tissue area left of x and above y. Inside one mask pixel that area is bilinear in x and y, so interpolating the four
// corner sums is exact. The sums are whole numbers of pixels and stay exact.
class TissueArea {
 public:
  explicit TissueArea(const TissueMask& mask) : width_(mask.size.width), height_(mask.size.height), sums_((width_ + 1) * (height_ + 1)) {
    for (std::int64_t y = 0; y < height_; ++y) {
      std::int64_t row = 0;
      for (std::int64_t x = 0; x < width_; ++x) {
        row += mask.inside[y * width_ + x] != 0;
        sums_[(y + 1) * (width_ + 1) + x + 1] = sums_[y * (width_ + 1) + x + 1] + row;
      }
    }
  }

  double in(const RasterBox& box) const { return at(box.x1, box.y1) - at(box.x0, box.y1) - at(box.x1, box.y0) + at(box.x0, box.y0); }

 private:
  double corner(std::int64_t x, std::int64_t y) const { return static_cast<double>(sums_[y * (width_ + 1) + x]); }

  double at(double x, double y) const {
    if (width_ == 0 || height_ == 0) return 0;
    x = std::clamp(x, 0.0, static_cast<double>(width_));
    y = std::clamp(y, 0.0, static_cast<double>(height_));
    const std::int64_t i = std::min(static_cast<std::int64_t>(x), width_ - 1);
    const std::int64_t j = std::min(static_cast<std::int64_t>(y), height_ - 1);
    const double fx = x - static_cast<double>(i), fy = y - static_cast<double>(j);
    const double top = corner(i, j) * (1 - fx) + corner(i + 1, j) * fx;
    const double bottom = corner(i, j + 1) * (1 - fx) + corner(i + 1, j + 1) * fx;
    return top * (1 - fy) + bottom * fy;
  }

  std::int64_t width_, height_;
  std::vector<std::int64_t> sums_;
};

RasterBox tile_on_mask(Level0Point origin, double side, const TissueMask& mask) {
  const double x = static_cast<double>(origin.x_level0) - mask.x_level0, y = static_cast<double>(origin.y_level0) - mask.y_level0;
  return {x / mask.downsample, y / mask.downsample, (x + side) / mask.downsample, (y + side) / mask.downsample};
}

constexpr std::int32_t kStripColumns = 16;

}  // namespace

std::vector<std::uint32_t> reading_order(const std::vector<PlannedTile>& tiles) {
  std::vector<std::uint32_t> order(tiles.size());
  std::iota(order.begin(), order.end(), 0u);
  // the plan is row-major already, and stays so within a strip
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return tiles[a].column / kStripColumns < tiles[b].column / kStripColumns; });
  return order;
}

TilePlan plan_tiles(const SlideInfo& info, const TileGeometry& geometry, const TissueMask& mask, const TilingSettings& settings) {
  const Level0Rect& bounds = info.bounds;
  const double side = geometry.side_level0, step = geometry.step_level0;
  const auto columns = axis_starts(bounds.x_level0, bounds.width_level0, side, step, settings.padding);
  const auto rows = axis_starts(bounds.y_level0, bounds.height_level0, side, step, settings.padding);
  const TissueArea tissue(mask);
  const double tile_area = (side / mask.downsample) * (side / mask.downsample);

  TilePlan plan{geometry, {}};
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (std::size_t column = 0; column < columns.size(); ++column) {
      const Level0Point origin{columns[column], rows[row]};
      const double fraction = std::clamp(tissue.in(tile_on_mask(origin, side, mask)) / tile_area, 0.0, 1.0);
      // sums over a tile without tissue may leave rounding noise
      if (fraction < 1e-12 || fraction < settings.min_tissue - 1e-12) continue;
      plan.tiles.push_back({origin, static_cast<std::int32_t>(column), static_cast<std::int32_t>(row), static_cast<float>(fraction)});
    }
  }
  return plan;
}

}  // namespace microtome
