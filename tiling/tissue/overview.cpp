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
constexpr std::int64_t kLeastCells = 8;     // a damaged block of this side is not divided further
constexpr std::uint8_t kUnknownGrey = 128;  // what a person sees there

// The level pixels under some neighbouring overview pixels of one axis.
struct Strip {
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
  Strip strip(std::int64_t first, std::int64_t last) const {
    const auto begin = std::min(level_extent - 1, static_cast<std::int64_t>(std::floor(cell_start(first) + kNoise)));
    const auto stop = std::min(level_extent, static_cast<std::int64_t>(std::ceil(std::min(end, cell_start(last)) - kNoise)));
    return {begin, std::max(begin + 1, stop) - begin};
  }
};

Axis axis_of(double start, double extent, double cell_level0, const Level& level, std::int64_t level_extent) {
  const double d = level.downsample;
  return {start / d + level.offset, (start + extent) / d + level.offset, cell_level0 / d, level_extent};
}

// Fills an overview block by block. A block that holds damage is quartered until little but the damage is left.
class OverviewReader {
 public:
  OverviewReader(const Slide& slide, int level, Overview& overview) : slide_(slide), level_(level), overview_(overview) {
    const Level0Rect& bounds = slide.info().bounds;
    const Level& source = slide.info().levels[level];
    across_ = axis_of(bounds.x_level0, bounds.width_level0, overview.downsample, source, source.size.width);
    down_ = axis_of(bounds.y_level0, bounds.height_level0, overview.downsample, source, source.size.height);
    overview.size = {across_.cells(), down_.cells()};
    overview.rgb.resize(overview.size.width * overview.size.height * 3);
  }

  void read_all() {
    for (std::int64_t top = 0; top < overview_.size.height; top += down_.cells_per_block()) {
      const std::int64_t bottom = std::min(overview_.size.height, top + down_.cells_per_block());
      for (std::int64_t left = 0; left < overview_.size.width; left += across_.cells_per_block()) {
        read({left, top, std::min(overview_.size.width, left + across_.cells_per_block()), bottom});
      }
    }
    if (!any_read_ && !error_.empty()) throw SlideError("read_failed", error_);
  }

 private:
  struct Cells {
    std::int64_t x0, y0, x1, y1;
  };

  void read(const Cells& cells) {
    const Strip columns = across_.strip(cells.x0, cells.x1), rows = down_.strip(cells.y0, cells.y1);
    const Size seen{columns.count, rows.count};
    pixels_.resize(seen.width * seen.height * 3);
    WindowShift shift;
    try {
      shift = read_window(slide_, level_, columns.begin, rows.begin, seen, pixels_);
    } catch (const SlideError& e) {
      if (error_.empty()) error_ = e.what();
      return divide(cells);
    }
    any_read_ = true;
    const double x = static_cast<double>(columns.begin) + shift.x, y = static_cast<double>(rows.begin) + shift.y;
    const RasterBox box{across_.cell_start(cells.x0) - x, down_.cell_start(cells.y0) - y, across_.cell_start(cells.x1) - x,
                        down_.cell_start(cells.y1) - y};
    const std::int64_t row_bytes = overview_.size.width * 3;
    resampler_.run(pixels_.data(), seen, box, &overview_.rgb[cells.y0 * row_bytes + cells.x0 * 3], row_bytes,
                   {cells.x1 - cells.x0, cells.y1 - cells.y0});
  }

  void divide(const Cells& cells) {
    const std::int64_t width = cells.x1 - cells.x0, height = cells.y1 - cells.y0;
    if (std::max(width, height) <= kLeastCells) return mark_unknown(cells);
    const std::int64_t x = cells.x0 + (width + 1) / 2, y = cells.y0 + (height + 1) / 2;
    for (const Cells& part : {Cells{cells.x0, cells.y0, x, y}, Cells{x, cells.y0, cells.x1, y}, Cells{cells.x0, y, x, cells.y1},
                              Cells{x, y, cells.x1, cells.y1}}) {
      if (part.x1 > part.x0 && part.y1 > part.y0) read(part);
    }
  }

  void mark_unknown(const Cells& cells) {
    overview_.unknown.resize(overview_.size.width * overview_.size.height);
    for (std::int64_t y = cells.y0; y < cells.y1; ++y) {
      const std::int64_t from = y * overview_.size.width + cells.x0, count = cells.x1 - cells.x0;
      std::fill_n(&overview_.unknown[from], count, 1);
      std::fill_n(&overview_.rgb[from * 3], count * 3, kUnknownGrey);
    }
  }

  const Slide& slide_;
  int level_;
  Overview& overview_;
  Axis across_, down_;
  std::vector<std::uint8_t> pixels_;
  Resampler resampler_;
  std::string error_;  // the first
  bool any_read_ = false;
};

}  // namespace

Overview read_overview(const Slide& slide, double mpp, const TissueSettings& settings) {
  const SlideInfo& info = slide.info();
  const int level = choose_level(info, mpp, settings.overview_mpp, 0, [](const Level&) { return true; });
  Overview overview;
  overview.downsample = std::max(info.levels[level].downsample, settings.overview_mpp / mpp);
  overview.mpp = overview.downsample * mpp;
  overview.x_level0 = info.bounds.x_level0;
  overview.y_level0 = info.bounds.y_level0;
  OverviewReader(slide, level, overview).read_all();
  return overview;
}

void count_unknown_as_tissue(const Overview& overview, TissueMask& mask) {
  for (std::size_t i = 0; i < overview.unknown.size(); ++i) mask.inside[i] |= overview.unknown[i];
}

}  // namespace microtome
