// SPDX-License-Identifier: Apache-2.0
// A slide shrunk to a coarse scale by exact area averaging. Blocks are cut along overview pixels, so that a block is finished when
// it is read and memory is the result plus one block; neighbouring blocks read the level pixel they share twice.
#include <algorithm>
#include <cmath>

#include "tiling/level_choice.h"
#include "tiling/resample.h"
#include "tiling/tissue.h"

namespace microtome {
namespace {

constexpr double kBlock = 1024;  // most level pixels on a block's side
constexpr double kNoise = 1e-9;

// Some neighbouring overview pixels of one axis, and the level pixels under them.
struct Strip {
  std::int64_t first = 0, last = 0;
  std::int64_t begin = 0, count = 0;
};

// One axis of the slide's bounds, in level pixels.
struct Axis {
  double start = 0, end = 0;      // of the bounds
  double cell = 1;                // an overview pixel
  std::int64_t level_extent = 0;  // of the whole level

  std::int64_t cells() const { return std::max<std::int64_t>(0, static_cast<std::int64_t>(std::ceil((end - start) / cell - kNoise))); }
  std::int64_t cells_per_block() const { return std::max<std::int64_t>(1, static_cast<std::int64_t>((kBlock - 2) / cell)); }
  double cell_start(std::int64_t i) const { return start + static_cast<double>(i) * cell; }

  // The last cells may stick out of the bounds: they are averages of what lies inside.
  Strip strip(std::int64_t first) const {
    const std::int64_t last = std::min(cells(), first + cells_per_block());
    const auto begin = std::min(level_extent - 1, static_cast<std::int64_t>(std::floor(cell_start(first) + kNoise)));
    const auto stop = std::min(level_extent, static_cast<std::int64_t>(std::ceil(std::min(end, cell_start(last)) - kNoise)));
    return {first, last, begin, std::max(begin + 1, stop) - begin};
  }
};

Axis axis_of(double start, double extent, double cell_level0, const Level& level, std::int64_t level_extent) {
  const double d = level.downsample;
  return {start / d + level.offset, (start + extent) / d + level.offset, cell_level0 / d, level_extent};
}

}  // namespace

Overview read_overview(const Slide& slide, double mpp, const TissueSettings& settings) {
  const SlideInfo& info = slide.info();
  const int index = choose_level(info, mpp, settings.overview_mpp, 0, [](const Level&) { return true; });
  const Level& level = info.levels[index];
  const double cell = std::max(level.downsample, settings.overview_mpp / mpp);
  const Level0Rect& bounds = info.bounds;
  const Axis across = axis_of(bounds.x_level0, bounds.width_level0, cell, level, level.size.width);
  const Axis down = axis_of(bounds.y_level0, bounds.height_level0, cell, level, level.size.height);

  Overview overview{{across.cells(), down.cells()}, cell, cell * mpp, bounds.x_level0, bounds.y_level0, {}};
  overview.rgb.resize(overview.size.width * overview.size.height * 3);
  std::vector<std::uint8_t> pixels;
  Resampler resampler;
  for (std::int64_t top = 0; top < overview.size.height; top += down.cells_per_block()) {
    const Strip rows = down.strip(top);
    for (std::int64_t left = 0; left < overview.size.width; left += across.cells_per_block()) {
      const Strip columns = across.strip(left);
      const Size seen{columns.count, rows.count};
      pixels.resize(seen.width * seen.height * 3);
      const WindowShift shift = read_window(slide, index, columns.begin, rows.begin, seen, pixels);
      const double x = static_cast<double>(columns.begin) + shift.x, y = static_cast<double>(rows.begin) + shift.y;
      const RasterBox box{across.cell_start(columns.first) - x, down.cell_start(rows.first) - y, across.cell_start(columns.last) - x,
                          down.cell_start(rows.last) - y};
      resampler.run(pixels.data(), seen, box, &overview.rgb[(rows.first * overview.size.width + columns.first) * 3],
                    overview.size.width * 3, {columns.last - columns.first, rows.last - rows.first});
    }
  }
  return overview;
}

}  // namespace microtome
