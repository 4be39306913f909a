// SPDX-License-Identifier: Apache-2.0
#include <openslide/openslide.h>

#include <cmath>
#include <stdexcept>

#include "tests/bench/frame.h"
#include "tests/bench/read_rows.h"
#include "tiling/resample.h"

namespace microtome {
namespace {

using Handle = std::shared_ptr<openslide_t>;

class OpenSlideReader {
 public:
  explicit OpenSlideReader(const ReadJob& job)
      : job_(job), seen_(static_cast<std::int64_t>(std::ceil(job.side_level0))), argb_(seen_ * seen_), rgb_(3 * seen_ * seen_) {
    tile_.resize(std::size_t{3} * job.tile_px * job.tile_px);
  }

  const std::uint8_t* read(openslide_t* slide, Level0Point origin) {
    openslide_read_region(slide, argb_.data(), origin.x_level0, origin.y_level0, 0, seen_, seen_);
    if (seen_ == job_.tile_px) {
      convert(tile_.data());
    } else if (seen_ == 2 * job_.tile_px) {
      halve();
    } else {
      convert(rgb_.data());
      const RasterBox box{0, 0, job_.side_level0, job_.side_level0};
      resampler_.run(rgb_.data(), {seen_, seen_}, box, tile_.data(), std::int64_t{3} * job_.tile_px, {job_.tile_px, job_.tile_px});
    }
    return tile_.data();
  }

 private:
  // every pixel of these slides is opaque
  void convert(std::uint8_t* rgb) const {
    for (std::size_t i = 0; i < argb_.size(); ++i) {
      rgb[3 * i] = static_cast<std::uint8_t>(argb_[i] >> 16);
      rgb[3 * i + 1] = static_cast<std::uint8_t>(argb_[i] >> 8);
      rgb[3 * i + 2] = static_cast<std::uint8_t>(argb_[i]);
    }
  }

  void halve() {
    for (std::int64_t y = 0; y < job_.tile_px; ++y) {
      const std::uint32_t *above = &argb_[2 * y * seen_], *below = above + seen_;
      std::uint8_t* to = &tile_[3 * y * job_.tile_px];
      for (std::int64_t x = 0; x < job_.tile_px; ++x, above += 2, below += 2, to += 3) {
        for (int c = 0; c < 3; ++c) {
          const int shift = 16 - 8 * c;
          const auto value = [shift](std::uint32_t pixel) { return pixel >> shift & 0xffu; };
          to[c] = static_cast<std::uint8_t>((value(above[0]) + value(above[1]) + value(below[0]) + value(below[1]) + 2) / 4);
        }
      }
    }
  }

  const ReadJob& job_;
  std::int64_t seen_;  // level-0 pixels of a window's side
  std::vector<std::uint32_t> argb_;
  std::vector<std::uint8_t> rgb_;
  std::vector<std::uint8_t> tile_;
  Resampler resampler_;
};

}  // namespace

TileReading read_with_openslide(const ReadJob& job) {
  return [&job](std::size_t count, const TileSink& sink) {
    // afresh for each run: its cache holds whole small slides
    const Handle slide(openslide_open(job.slide->path.c_str()), [](openslide_t* handle) {
      if (handle) openslide_close(handle);
    });
    if (!slide) throw std::runtime_error("OpenSlide does not open the benchmark's slide");
    OpenSlideReader reader(job);
    const double seconds = seconds_of([&] {
      for (std::size_t i = 0; i < count; ++i) {
        const std::uint8_t* rgb = reader.read(slide.get(), job.origins[i]);
        if (sink) sink(i, rgb);
      }
    });
    if (const char* error = openslide_get_error(slide.get())) throw std::runtime_error(error);
    return seconds;
  };
}

}  // namespace microtome
