// SPDX-License-Identifier: Apache-2.0
// The ways of reading the same tiles that bench_read compares. All give RGB bytes, tile_px x tile_px, in the same order.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/read_slides.h"
#include "tiling/slide.h"

namespace microtome {

/// The tiles to read of one slide.
struct ReadJob {
  const BenchSlide* slide = nullptr;
  int tile_px = 256;
  double side_level0 = 256;             // of a tile, level-0 pixels
  std::size_t batch = 32;               // tiles that our reader gets at once
  std::vector<Level0Point> origins;     // in the order in which a run reads them
  std::string codec_scaling = "exact";  // a tiling setting of ours

  double target_mpp() const { return slide->mpp * side_level0 / tile_px; }
};

/// Gets each tile when it is read, maybe from several threads; may be empty.
using TileSink = std::function<void(std::size_t index, const std::uint8_t* rgb)>;

/// Reads the first `count` tiles of a job and returns the seconds it took.
using TileReading = std::function<double(std::size_t count, const TileSink& sink)>;

/// Opens the slide afresh, so that no run finds pixels of the one before. Not timed.
using SlideOpener = std::function<std::unique_ptr<Slide>()>;

/// read_tiles on batches, which `threads` threads take in turns, as the pipeline does.
TileReading read_with_us(const ReadJob& job, int threads, SlideOpener open);

/// ... on one thread, while the stored bytes of the `ahead` next batches are fetched.
TileReading read_with_us_ahead(const ReadJob& job, int ahead, SlideOpener open);

/// openslide_read_region and the conversion of ARGB that its users write: at half scale with the 2x2 average in the same pass, at other
/// scales with our resampling after it.
TileReading read_with_openslide(const ReadJob& job);

/// One lazy image (vips_tiffload; vips_shrink at half scale, vips_resize elsewhere), from which each tile is prepared as a region.
TileReading read_with_vips(const ReadJob& job);

/// openslide-python: read_region().convert("RGB").resize(), in a process of its own, which times its loop itself.
TileReading read_with_python(const ReadJob& job, const std::filesystem::path& folder);

}  // namespace microtome
