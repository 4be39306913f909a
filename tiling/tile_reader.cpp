// SPDX-License-Identifier: Apache-2.0
// Tiles to windows of one level, and back: in place where the grids agree, through one resampling elsewhere.
#include "tiling/tile_reader.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <vector>

namespace microtome {
namespace {

constexpr std::int64_t kMostWindowBytes = 16 << 20;
constexpr double kSamePixel = 1e-6;  // level pixels: what doubles may lose on the way

// One axis of a tile in its level: the real interval and the pixels that averaging it needs.
struct Interval {
  double box0 = 0, box1 = 0;
  std::int64_t begin = 0, count = 0;
};

struct Axis {
  double downsample = 1, offset = 0;
  std::int64_t level_extent = 0, slide_extent = 0;
};

// Averages do not look past the slide's edge: there the pixels that exist share the weight. Only a tile that itself overhangs the slide
// sees background.
Interval interval_of(std::int64_t origin, const TileGeometry& geometry, const Axis& axis) {
  const double start = static_cast<double>(origin), stop = start + geometry.side_level0;
  Interval interval;
  interval.box0 = start / axis.downsample + axis.offset;
  interval.box1 = stop / axis.downsample + axis.offset;
  const double scale = (interval.box1 - interval.box0) / geometry.tile_px;
  const double beyond = std::max(0.0, (1 - scale) / 2);  // enlarging looks half a pixel further
  // a reader that cannot start between level-0 pixels shifts its answer by less than a pixel
  const std::int64_t margin = axis.downsample == std::floor(axis.downsample) ? 0 : 1;
  std::int64_t begin = static_cast<std::int64_t>(std::floor(interval.box0 - beyond + kSamePixel)) - margin;
  std::int64_t end = static_cast<std::int64_t>(std::ceil(interval.box1 + beyond - kSamePixel)) + margin;
  if (start >= 0) begin = std::max<std::int64_t>(begin, 0);
  if (stop <= static_cast<double>(axis.slide_extent) + kSamePixel) end = std::min(end, axis.level_extent);
  interval.begin = std::min(begin, axis.level_extent - 1);
  interval.count = std::max<std::int64_t>(1, end - interval.begin);
  return interval;
}

struct Footprint {
  Interval x, y;
  bool in_place = false;  // the box is tile_px level pixels
};

class Placement {
 public:
  Placement(const Slide& slide, const TileGeometry& geometry) : geometry_(geometry) {
    const SlideInfo& info = slide.info();
    const Level& level = info.levels[geometry.level];
    across_ = {geometry.downsample, level.offset, level.size.width, info.levels[0].size.width};
    down_ = {geometry.downsample, level.offset, level.size.height, info.levels[0].size.height};
  }

  Footprint operator()(Level0Point origin) const {
    Footprint result{interval_of(origin.x_level0, geometry_, across_), interval_of(origin.y_level0, geometry_, down_), false};
    result.in_place = is_pixels(result.x) && is_pixels(result.y);
    if (!result.in_place) return result;
    for (Interval* axis : {&result.x, &result.y}) {
      axis->begin = std::llround(axis->box0);
      axis->count = geometry_.tile_px;
    }
    return result;
  }

 private:
  bool is_pixels(const Interval& interval) const {
    return std::abs(interval.box0 - std::round(interval.box0)) < kSamePixel &&
           std::abs(interval.box1 - std::round(interval.box0) - geometry_.tile_px) < kSamePixel;
  }

  const TileGeometry& geometry_;
  Axis across_, down_;
};

LevelWindow window_of(const Footprint& place, std::uint8_t* rgb) {
  LevelWindow window;
  window.x = place.x.begin;
  window.y = place.y.begin;
  window.size = {place.x.count, place.y.count};
  window.rgb = rgb;
  window.row_bytes = place.x.count * 3;
  return window;
}

std::int64_t bytes_of(const Footprint& place) { return place.in_place ? 0 : place.x.count * place.y.count * 3; }

// Some tiles of a batch, as many as the work memory takes.
class Group {
 public:
  explicit Group(const TileGeometry& geometry) : geometry_(geometry) {}

  bool takes(const Footprint& place) const { return windows_.empty() || bytes_ + bytes_of(place) <= kMostWindowBytes; }

  void add(const Footprint& place, TileRead& tile) {
    places_.push_back(place);
    tiles_.push_back(&tile);
    windows_.push_back(window_of(place, place.in_place ? tile.rgb : nullptr));
    bytes_ += bytes_of(place);
  }

  void read(const Slide& slide, const StoredBytes* fetched) {
    if (static_cast<std::int64_t>(scratch_.size()) < bytes_) scratch_.resize(bytes_);
    std::uint8_t* next = scratch_.data();
    for (std::size_t i = 0; i < windows_.size(); ++i) {
      if (places_[i].in_place) continue;
      windows_[i].rgb = next;
      next += bytes_of(places_[i]);
    }
    slide.read(geometry_.level, windows_, fetched);
    for (std::size_t i = 0; i < windows_.size(); ++i) finish(i);
    places_.clear();
    tiles_.clear();
    windows_.clear();
    bytes_ = 0;
  }

 private:
  void finish(std::size_t i) {
    LevelWindow& window = windows_[i];
    tiles_[i]->error = std::move(window.error);
    if (places_[i].in_place || !tiles_[i]->error.empty()) return;
    const double x = static_cast<double>(window.x) + window.shift_x, y = static_cast<double>(window.y) + window.shift_y;
    const RasterBox box{places_[i].x.box0 - x, places_[i].y.box0 - y, places_[i].x.box1 - x, places_[i].y.box1 - y};
    resampler_.run(window.rgb, window.size, box, tiles_[i]->rgb, std::int64_t{3} * geometry_.tile_px,
                   {geometry_.tile_px, geometry_.tile_px});
  }

  const TileGeometry& geometry_;
  std::vector<Footprint> places_;
  std::vector<TileRead*> tiles_;
  std::vector<LevelWindow> windows_;
  std::vector<std::uint8_t> scratch_;
  std::int64_t bytes_ = 0;
  Resampler resampler_;
};

}  // namespace

void read_tiles(const Slide& slide, const TileGeometry& geometry, std::span<TileRead> tiles, const StoredBytes* fetched) {
  const Placement place_of(slide, geometry);
  Group group(geometry);
  for (TileRead& tile : tiles) {
    const Footprint place = place_of(tile.origin);
    if (!group.takes(place)) group.read(slide, fetched);
    group.add(place, tile);
  }
  group.read(slide, fetched);
}

std::shared_ptr<const StoredBytes> fetch_tiles(const Slide& slide, const TileGeometry& geometry, std::span<const TileRead> tiles) {
  const Placement place_of(slide, geometry);
  std::vector<LevelWindow> windows;
  for (const TileRead& tile : tiles) windows.push_back(window_of(place_of(tile.origin), nullptr));
  return slide.fetch(geometry.level, windows);
}

void read_tile(const Slide& slide, const TileGeometry& geometry, Level0Point origin, std::span<std::uint8_t> rgb) {
  assert(rgb.size() == static_cast<std::size_t>(geometry.tile_px) * geometry.tile_px * 3);
  TileRead tile{origin, rgb.data(), {}};
  read_tiles(slide, geometry, {&tile, 1}, nullptr);
  if (!tile.error.empty()) throw SlideError("read_failed", tile.error);
}

}  // namespace microtome
