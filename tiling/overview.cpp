// SPDX-License-Identifier: Apache-2.0
// A slide shrunk to a coarse scale by exact area averaging. Blocks are cut along overview pixels, so that a block is finished when
// it is read and memory is the result plus one block; neighbouring blocks read the level pixel they share twice.
#include <algorithm>
#include <cmath>

#include "tiling/tissue.h"

namespace microtome {
namespace {

constexpr double kBlock = 1024;  // most level pixels on a block's side
constexpr double kNoise = 1e-9;

int overview_level(const SlideInfo& info, double mpp, double overview_mpp) {
  int best = 0;
  for (int i = 1; i < static_cast<int>(info.levels.size()); ++i) {
    const Level& level = info.levels[i];
    if (level.trusted && mpp * level.downsample <= overview_mpp && level.downsample > info.levels[best].downsample) best = i;
  }
  return best;
}

// The level pixels under overview pixels [first, last) of one axis.
struct Strip {
  std::int64_t first = 0, last = 0;
  std::int64_t origin_level0 = 0;
  std::int64_t count = 0;
};

// Everything about one axis that both block cutting and weighting need, in level-0 pixels.
struct Axis {
  double start = 0, end = 0;      // of the bounds
  double cell = 1;                // an overview pixel
  double pixel = 1;               // a level pixel
  std::int64_t level_extent = 0;  // level pixels

  std::int64_t cells() const { return std::max<std::int64_t>(0, static_cast<std::int64_t>(std::ceil((end - start) / cell - kNoise))); }
  std::int64_t cells_per_block() const { return std::max<std::int64_t>(1, static_cast<std::int64_t>((kBlock - 2) / (cell / pixel))); }

  double cell_start(std::int64_t i) const { return start + static_cast<double>(i) * cell; }
  double cell_end(std::int64_t i) const { return std::min(end, start + static_cast<double>(i + 1) * cell); }

  Strip strip(std::int64_t first) const {
    const std::int64_t last = std::min(cells(), first + cells_per_block());
    const auto begin = std::min(level_extent - 1, static_cast<std::int64_t>(std::floor(cell_start(first) / pixel + kNoise)));
    const auto stop = std::min(level_extent, static_cast<std::int64_t>(std::ceil(cell_end(last - 1) / pixel - kNoise)));
    return {first, last, std::llround(static_cast<double>(begin) * pixel), std::max(begin + 1, stop) - begin};
  }

  // The share of each level pixel of the strip that lies in overview pixel `i`, from the first such pixel on.
  struct Cover {
    std::int64_t first = 0;
    std::vector<double> shares;
  };
  Cover cover(const Strip& strip, std::int64_t i) const {
    const double from = (cell_start(i) - static_cast<double>(strip.origin_level0)) / pixel;
    const double to = (cell_end(i) - static_cast<double>(strip.origin_level0)) / pixel;
    // a sliver past the level's last pixel takes that pixel
    const auto first = std::clamp<std::int64_t>(static_cast<std::int64_t>(std::floor(from + kNoise)), 0, strip.count - 1);
    const auto stop = std::clamp<std::int64_t>(static_cast<std::int64_t>(std::ceil(to - kNoise)), first + 1, strip.count);
    Cover result{first, {}};
    double sum = 0;
    for (std::int64_t x = first; x < stop; ++x) {
      const double share = std::min(to, static_cast<double>(x + 1)) - std::max(from, static_cast<double>(x));
      sum += result.shares.emplace_back(std::max(0.0, share));
    }
    for (double& share : result.shares) share = sum > 0 ? share / sum : 1.0 / static_cast<double>(result.shares.size());
    return result;
  }
};

std::vector<Axis::Cover> covers(const Axis& axis, const Strip& strip) {
  std::vector<Axis::Cover> result;
  for (std::int64_t i = strip.first; i < strip.last; ++i) result.push_back(axis.cover(strip, i));
  return result;
}

void average_pixel(const std::vector<std::uint8_t>& pixels, std::int64_t width, const Axis::Cover& x, const Axis::Cover& y,
                   std::uint8_t* target) {
  double sum[3] = {0, 0, 0};
  for (std::size_t v = 0; v < y.shares.size(); ++v) {
    const std::uint8_t* pixel = &pixels[((y.first + static_cast<std::int64_t>(v)) * width + x.first) * 3];
    double row[3] = {0, 0, 0};
    for (std::size_t u = 0; u < x.shares.size(); ++u, pixel += 3) {
      for (int c = 0; c < 3; ++c) row[c] += x.shares[u] * pixel[c];
    }
    for (int c = 0; c < 3; ++c) sum[c] += y.shares[v] * row[c];
  }
  for (int c = 0; c < 3; ++c) target[c] = static_cast<std::uint8_t>(std::min(255.0, sum[c] + 0.5));
}

}  // namespace

Overview read_overview(const Slide& slide, double mpp, const TissueSettings& settings) {
  const SlideInfo& info = slide.info();
  const int index = overview_level(info, mpp, settings.overview_mpp);
  const Level& level = info.levels[index];
  const double cell = std::max(level.downsample, settings.overview_mpp / mpp);
  const Level0Rect& bounds = info.bounds;
  const Axis across{bounds.x_level0, bounds.x_level0 + bounds.width_level0, cell, level.downsample, level.size.width};
  const Axis down{bounds.y_level0, bounds.y_level0 + bounds.height_level0, cell, level.downsample, level.size.height};

  Overview overview{{across.cells(), down.cells()}, cell, cell * mpp, bounds.x_level0, bounds.y_level0, {}};
  overview.rgb.resize(overview.size.width * overview.size.height * 3);
  std::vector<std::uint8_t> pixels;
  for (std::int64_t top = 0; top < overview.size.height; top += down.cells_per_block()) {
    const Strip rows = down.strip(top);
    const auto row_covers = covers(down, rows);
    for (std::int64_t left = 0; left < overview.size.width; left += across.cells_per_block()) {
      const Strip columns = across.strip(left);
      const auto column_covers = covers(across, columns);
      pixels.resize(columns.count * rows.count * 3);
      slide.read(index, {columns.origin_level0, rows.origin_level0}, {columns.count, rows.count}, pixels);
      for (std::int64_t y = rows.first; y < rows.last; ++y) {
        for (std::int64_t x = columns.first; x < columns.last; ++x) {
          average_pixel(pixels, columns.count, column_covers[x - columns.first], row_covers[y - rows.first],
                        &overview.rgb[(y * overview.size.width + x) * 3]);
        }
      }
    }
  }
  return overview;
}

}  // namespace microtome
