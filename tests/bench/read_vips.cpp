// SPDX-License-Identifier: Apache-2.0
#include <vips/vips.h>

#include <cmath>
#include <cstring>
#include <stdexcept>

#include "tests/bench/frame.h"
#include "tests/bench/read_rows.h"

namespace microtome {
namespace {

struct Unref {
  void operator()(void* object) const { g_object_unref(object); }
};
using Image = std::unique_ptr<VipsImage, Unref>;
using Region = std::unique_ptr<VipsRegion, Unref>;

void require(int failed) {
  if (!failed) return;
  const std::string message = vips_error_buffer();
  vips_error_clear();
  throw std::runtime_error("libvips: " + message);
}

// tiffload, which is the faster; but it (8.14) takes the RGB of Aperio's JPEG 2000 for YCbCr.
Image load(const ReadJob& job) {
  VipsImage* image = nullptr;
  if (job.slide->codec != BenchCodec::jpeg2000) {
    require(vips_tiffload(job.slide->path.c_str(), &image, "access", VIPS_ACCESS_RANDOM, nullptr));
    return Image(image);
  }
  require(vips_openslideload(job.slide->path.c_str(), &image, "access", VIPS_ACCESS_RANDOM, nullptr));
  const Image with_alpha(image);
  require(vips_extract_band(with_alpha.get(), &image, 0, "n", 3, nullptr));
  return Image(image);
}

Image at_target_scale(const ReadJob& job) {
  Image image = load(job);
  VipsImage* scaled = nullptr;
  const double ratio = job.side_level0 / job.tile_px;
  if (ratio == 1) return image;
  if (ratio == 2) {
    require(vips_shrink(image.get(), &scaled, 2, 2, nullptr));
  } else {
    require(vips_resize(image.get(), &scaled, 1 / ratio, "kernel", VIPS_KERNEL_LINEAR, nullptr));
  }
  return Image(scaled);
}

double read(const ReadJob& job, std::size_t count, const TileSink& sink) {
  // a fresh image for each run: the last run's pixels shall not be there already. Opening it is not timed
  const Image image = at_target_scale(job);
  if (vips_image_get_bands(image.get()) != 3) throw std::runtime_error("libvips gives another number of bands than three");
  const Region region(vips_region_new(image.get()));
  const std::size_t row_bytes = std::size_t{3} * job.tile_px;
  std::vector<std::uint8_t> tile(row_bytes * job.tile_px);
  return seconds_of([&] {
    for (std::size_t i = 0; i < count; ++i) {
      const auto place = [&](std::int64_t level0) {
        return static_cast<int>(std::llround(static_cast<double>(level0) * job.tile_px / job.side_level0));
      };
      const VipsRect rect{place(job.origins[i].x_level0), place(job.origins[i].y_level0), job.tile_px, job.tile_px};
      require(vips_region_prepare(region.get(), &rect));
      for (int y = 0; y < job.tile_px; ++y)
        std::memcpy(&tile[y * row_bytes], VIPS_REGION_ADDR(region.get(), rect.left, rect.top + y), row_bytes);
      if (sink) sink(i, tile.data());
    }
  });
}

}  // namespace

TileReading read_with_vips(const ReadJob& job) {
  if (VIPS_INIT("bench_read")) throw std::runtime_error("libvips does not start");
  vips_concurrency_set(1);
  vips_cache_set_max(0);
  return [&job](std::size_t count, const TileSink& sink) { return read(job, count, sink); };
}

}  // namespace microtome
