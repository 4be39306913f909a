// SPDX-License-Identifier: Apache-2.0
// Tiled TIFF, BigTIFF and Aperio SVS. The directories are read once; after that a read is: which stored tiles, their bytes by pread, one
// decoding each, and their pixels to every window that wants them.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <mutex>

#include "tiling/readers.h"
#include "tiling/tiff/seam_cache.h"
#include "tiling/tiff/stored_tiles.h"
#include "tiling/tiff/tiff_levels.h"
#include "tiling/tiff/tile_decoder.h"

namespace microtome {
namespace {

constexpr std::int64_t kCacheBytes = 16 << 20;  // of each level that is read

// A window of a level and a stored tile that it touches.
struct Need {
  std::uint64_t tile;
  std::size_t window;
};

// A rectangle of pixels in memory.
struct Pixels {
  std::uint8_t* rgb = nullptr;
  std::int64_t row_bytes = 0;
};

// A tile's place in its level, cut to the level.
struct Area {
  std::int64_t x0, y0, x1, y1;
  bool empty() const { return x0 >= x1 || y0 >= y1; }
};

Area area_of(const LevelWindow& window) { return {window.x, window.y, window.x + window.size.width, window.y + window.size.height}; }

Area common(const Area& a, const Area& b) {
  return {std::max(a.x0, b.x0), std::max(a.y0, b.y0), std::min(a.x1, b.x1), std::min(a.y1, b.y1)};
}

bool holds(const Area& outer, const Area& inner) {
  return outer.x0 <= inner.x0 && outer.y0 <= inner.y0 && outer.x1 >= inner.x1 && outer.y1 >= inner.y1;
}

std::uint8_t* at(const LevelWindow& window, std::int64_t x, std::int64_t y) {
  return window.rgb + (y - window.y) * window.row_bytes + (x - window.x) * 3;
}

void fill(const LevelWindow& window, const Area& part, Rgb colour) {
  for (std::int64_t y = part.y0; y < part.y1; ++y) {
    std::uint8_t* pixel = at(window, part.x0, y);
    for (std::int64_t x = part.x0; x < part.x1; ++x, pixel += 3) {
      pixel[0] = colour.r;
      pixel[1] = colour.g;
      pixel[2] = colour.b;
    }
  }
}

// What one read works with. As many exist as reads have run at once.
struct Desk {
  std::vector<std::unique_ptr<TileDecoder>> decoders;  // one an image, made when first needed
  std::vector<Need> needs, later;
  std::vector<std::uint8_t> stored;
  std::vector<std::uint8_t> pixels;
};

class TiffSlide : public Slide {
 public:
  TiffSlide(std::unique_ptr<ByteSource> bytes, TiffPyramid pyramid)
      : bytes_(std::move(bytes)), pyramid_(std::move(pyramid)), caches_(pyramid_.info.levels.size()) {}

  const SlideInfo& info() const override { return pyramid_.info; }

  void read(int index, std::span<LevelWindow> windows, const StoredBytes* fetched) const override {
    assert(index >= 0 && index < static_cast<int>(pyramid_.levels.size()));
    const TiffLevel& level = pyramid_.levels[index];
    const Area whole{0, 0, level.size.width, level.size.height};
    for (LevelWindow& window : windows) {
      window.shift_x = window.shift_y = 0;
      window.error.clear();
      if (!holds(whole, area_of(window))) fill(window, area_of(window), pyramid_.info.background);
    }
    std::unique_ptr<Desk> desk = take_desk();
    find_needs(level, windows, desk->needs);
    // Threads that read neighbouring rows meet in the same tiles at the same time. Who finds a tile coming goes on with the next and
    // returns to it at the end: so they share the work instead of doing it twice.
    desk->later.clear();
    for_each_tile(desk->needs, [&](std::span<const Need> needs) {
      if (seam(index, needs, windows) && cache_of(index).is_coming(needs.front().tile)) {
        desk->later.insert(desk->later.end(), needs.begin(), needs.end());
      } else {
        read_tile(index, needs, windows, *desk, fetched);
      }
    });
    for_each_tile(desk->later, [&](std::span<const Need> needs) { read_tile(index, needs, windows, *desk, fetched); });
    give_desk(std::move(desk));
  }

  std::shared_ptr<const StoredBytes> fetch(int index, std::span<const LevelWindow> windows) const override {
    const TiffLevel& level = pyramid_.levels[index];
    std::vector<Need> needs;
    find_needs(level, windows, needs);
    std::vector<std::uint64_t> tiles;
    for (const Need& need : needs) {
      if (tiles.empty() || tiles.back() != need.tile) tiles.push_back(need.tile);
    }
    return fetch_stored_tiles(*bytes_, image_of(level), tiles);
  }

 private:
  const TiffImage& image_of(const TiffLevel& level) const { return pyramid_.images[level.image]; }

  // In the order of the tiles: that of the file, and neighbours together.
  static void find_needs(const TiffLevel& level, std::span<const LevelWindow> windows, std::vector<Need>& needs) {
    needs.clear();
    for (std::size_t i = 0; i < windows.size(); ++i) {
      const Area area = common(area_of(windows[i]), {0, 0, level.size.width, level.size.height});
      if (area.empty()) continue;
      for (std::int64_t row = area.y0 / level.tile.height; row <= (area.y1 - 1) / level.tile.height; ++row) {
        for (std::int64_t column = area.x0 / level.tile.width; column <= (area.x1 - 1) / level.tile.width; ++column) {
          needs.push_back({static_cast<std::uint64_t>(row * level.columns + column), i});
        }
      }
    }
    std::sort(needs.begin(), needs.end(),
              [](const Need& a, const Need& b) { return a.tile != b.tile ? a.tile < b.tile : a.window < b.window; });
  }

  static Area place_of(const TiffLevel& level, std::uint64_t tile) {
    const auto number = static_cast<std::int64_t>(tile);
    const std::int64_t x = number % level.columns * level.tile.width, y = number / level.columns * level.tile.height;
    return {x, y, std::min(level.size.width, x + level.tile.width), std::min(level.size.height, y + level.tile.height)};
  }

  // Calls `body` with all needs of a tile, tile by tile.
  template <class Body>
  static void for_each_tile(std::span<const Need> needs, Body body) {
    for (std::size_t first = 0, last = 0; first < needs.size(); first = last) {
      while (last < needs.size() && needs[last].tile == needs[first].tile) ++last;
      body(needs.subspan(first, last - first));
    }
  }

  // True where a tile goes through the cache: others may want it too.
  bool seam(int index, std::span<const Need> needs, std::span<const LevelWindow> windows) const {
    const TiffLevel& level = pyramid_.levels[index];
    const Area place = place_of(level, needs.front().tile);
    const bool whole = place.x1 - place.x0 == level.tile.width && place.y1 - place.y0 == level.tile.height;
    return needs.size() > 1 || !whole || !holds(area_of(windows[needs.front().window]), place);
  }

  // All windows that want this tile.
  void read_tile(int index, std::span<const Need> needs, std::span<LevelWindow> windows, Desk& desk, const StoredBytes* fetched) const {
    const TiffLevel& level = pyramid_.levels[index];
    const TiffImage& image = image_of(level);
    const std::uint64_t tile = needs.front().tile;
    const Area place = place_of(level, tile);
    if (is_sparse(image, tile)) {
      for (const Need& need : needs) fill(windows[need.window], common(place, area_of(windows[need.window])), pyramid_.info.background);
      return;
    }
    const LevelWindow& front = windows[needs.front().window];
    const std::string error = seam(index, needs, windows)
                                  ? decode_for_all(index, needs, windows, place, desk, fetched)
                                  : decode(level, tile, {at(front, place.x0, place.y0), front.row_bytes}, desk, fetched);
    if (error.empty()) return;
    const double d = pyramid_.info.levels[index].downsample;
    const std::string sentence =
        fmt::format("read the stored tile at level-0 ({:.0f}, {:.0f}): {}: the file is damaged there, copy it again from its source",
                    static_cast<double>(place.x0) * d, static_cast<double>(place.y0) * d, error);
    for (const Need& need : needs) windows[need.window].error = sentence;
  }

  std::string decode_for_all(int index, std::span<const Need> needs, std::span<LevelWindow> windows, const Area& place, Desk& desk,
                             const StoredBytes* fetched) const {
    const TiffLevel& level = pyramid_.levels[index];
    const std::uint64_t tile = needs.front().tile;
    const std::int64_t row_bytes = level.tile.width * 3;
    SeamCache& cache = cache_of(index);
    const auto scatter = [&](const std::uint8_t* rgb) {
      for (const Need& need : needs) copy(rgb, row_bytes, place, windows[need.window]);
    };
    if (const SeamCache::Pin pin = cache.find(tile)) {
      scatter(pin.pixels());
      return {};
    }
    const SeamCache::Pin pin = cache.reserve(tile);
    if (!pin) desk.pixels.resize(std::max<std::size_t>(desk.pixels.size(), static_cast<std::size_t>(row_bytes * level.tile.height)));
    std::uint8_t* rgb = pin ? pin.pixels() : desk.pixels.data();
    std::string error = decode(level, tile, {rgb, row_bytes}, desk, fetched);
    if (!error.empty()) return error;
    if (pin) cache.publish(pin);
    scatter(rgb);
    return {};
  }

  static void copy(const std::uint8_t* rgb, std::int64_t row_bytes, const Area& place, const LevelWindow& window) {
    const Area part = common(place, area_of(window));
    for (std::int64_t y = part.y0; y < part.y1; ++y) {
      std::copy_n(rgb + (y - place.y0) * row_bytes + (part.x0 - place.x0) * 3, (part.x1 - part.x0) * 3, at(window, part.x0, y));
    }
  }

  std::string decode(const TiffLevel& level, std::uint64_t tile, Pixels target, Desk& desk, const StoredBytes* fetched) const {
    const TiffImage& image = image_of(level);
    std::string error;
    const std::span<const std::uint8_t> stored = stored_tile(*bytes_, image, tile, fetched, desk.stored, error);
    if (!error.empty()) return error;
    if (desk.decoders.size() < pyramid_.images.size()) desk.decoders.resize(pyramid_.images.size());
    auto& decoder = desk.decoders[level.image];
    if (!decoder) decoder = make_tile_decoder(image, *bytes_, pyramid_.info.background);
    return decoder->decode(stored, level.reduction, target.rgb, target.row_bytes);
  }

  SeamCache& cache_of(int index) const {
    const TiffLevel& level = pyramid_.levels[index];
    LevelCache& cache = caches_[index];
    std::call_once(cache.once, [&] { cache.tiles = std::make_unique<SeamCache>(level.tile.width * level.tile.height * 3, kCacheBytes); });
    return *cache.tiles;
  }

  // One lock a read, which is a batch.
  std::unique_ptr<Desk> take_desk() const {
    const std::lock_guard lock(mutex_);
    if (desks_.empty()) return std::make_unique<Desk>();
    std::unique_ptr<Desk> desk = std::move(desks_.back());
    desks_.pop_back();
    return desk;
  }

  void give_desk(std::unique_ptr<Desk> desk) const {
    const std::lock_guard lock(mutex_);
    desks_.push_back(std::move(desk));
  }

  struct LevelCache {
    std::once_flag once;
    std::unique_ptr<SeamCache> tiles;
  };

  std::unique_ptr<ByteSource> bytes_;
  TiffPyramid pyramid_;
  mutable std::vector<LevelCache> caches_;  // never resized: a level's cache is made when it is first read
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Desk>> desks_;
};

}  // namespace

std::unique_ptr<Slide> open_with_tiff(std::unique_ptr<ByteSource> bytes, std::string& why_not) {
  TiffFile file = read_tiff_file(*bytes);
  why_not = file.is_tiff ? file.why_not : "";
  if (!file.why_not.empty()) return nullptr;
  TiffPyramid pyramid = make_pyramid(std::move(file), *bytes);
  return std::make_unique<TiffSlide>(std::move(bytes), std::move(pyramid));
}

}  // namespace microtome
