// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <cmath>
#include <deque>
#include <future>
#include <stdexcept>
#include <thread>

#include "tests/bench/frame.h"
#include "tests/bench/read_rows.h"
#include "tiling/tile_grid.h"
#include "tiling/tile_reader.h"

namespace microtome {
namespace {

TileGeometry geometry_of(const ReadJob& job, const Slide& slide) {
  TilingSettings settings;
  settings.tile_px = job.tile_px;
  settings.target_mpp = job.target_mpp();
  settings.codec_scaling = job.codec_scaling;
  TileGeometry geometry = tile_geometry(slide.info(), resolve_scale(slide.info(), std::nullopt), settings);
  if (std::abs(geometry.side_level0 - job.side_level0) > 1e-6) throw std::runtime_error("the slide's scale is not what was written");
  return geometry;
}

// The work of one reading thread: buffers live as long as it does.
class BatchReader {
 public:
  BatchReader(const ReadJob& job, const Slide& slide)
      : job_(job), slide_(slide), geometry_(geometry_of(job, slide)), tile_bytes_(std::size_t{3} * job.tile_px * job.tile_px) {
    rgb_.resize(job.batch * tile_bytes_);
  }

  std::shared_ptr<const StoredBytes> fetch(std::size_t first, std::size_t count) const {
    std::vector<TileRead> tiles;
    for (std::size_t i = first; i < std::min(first + job_.batch, count); ++i) tiles.push_back({job_.origins[i], nullptr, {}});
    return fetch_tiles(slide_, geometry_, tiles);
  }

  void read(std::size_t first, std::size_t count, const StoredBytes* fetched, const TileSink& sink) {
    tiles_.clear();
    for (std::size_t i = first; i < std::min(first + job_.batch, count); ++i) {
      tiles_.push_back({job_.origins[i], rgb_.data() + (i - first) * tile_bytes_, {}});
    }
    read_tiles(slide_, geometry_, tiles_, fetched);
    for (std::size_t i = 0; i < tiles_.size(); ++i) {
      if (!tiles_[i].error.empty()) throw std::runtime_error(tiles_[i].error);
      if (sink) sink(first + i, tiles_[i].rgb);
    }
  }

 private:
  const ReadJob& job_;
  const Slide& slide_;
  TileGeometry geometry_;
  std::size_t tile_bytes_;
  std::vector<std::uint8_t> rgb_;
  std::vector<TileRead> tiles_;
};

void read_on_threads(const ReadJob& job, const Slide& slide, int threads, std::size_t count, const TileSink& sink) {
  std::atomic<std::size_t> next{0};
  std::vector<std::future<void>> workers;
  for (int t = 0; t < threads; ++t) {
    workers.push_back(std::async(std::launch::async, [&] {
      BatchReader reader(job, slide);
      for (std::size_t first = next.fetch_add(job.batch); first < count; first = next.fetch_add(job.batch))
        reader.read(first, count, nullptr, sink);
    }));
  }
  for (auto& worker : workers) worker.get();
}

void read_ahead(const ReadJob& job, const Slide& slide, std::size_t ahead, std::size_t count, const TileSink& sink) {
  BatchReader reader(job, slide);
  std::deque<std::future<std::shared_ptr<const StoredBytes>>> coming;
  std::size_t asked = 0;
  for (std::size_t first = 0; first < count; first += job.batch) {
    for (; asked < count && coming.size() < ahead; asked += job.batch) {
      coming.push_back(std::async(std::launch::async, [&reader, asked, count] { return reader.fetch(asked, count); }));
    }
    const auto fetched = coming.front().get();
    coming.pop_front();
    reader.read(first, count, fetched.get(), sink);
  }
}

}  // namespace

TileReading read_with_us(const ReadJob& job, int threads, SlideOpener open) {
  return [&job, threads, open = std::move(open)](std::size_t count, const TileSink& sink) {
    const auto slide = open();
    return seconds_of([&] { read_on_threads(job, *slide, threads, count, sink); });
  };
}

TileReading read_with_us_ahead(const ReadJob& job, int ahead, SlideOpener open) {
  return [&job, ahead, open = std::move(open)](std::size_t count, const TileSink& sink) {
    const auto slide = open();
    return seconds_of([&] { read_ahead(job, *slide, static_cast<std::size_t>(ahead), count, sink); });
  };
}

}  // namespace microtome
