// SPDX-License-Identifier: Apache-2.0
// One tile: the window of a level that the kernel can see, then one resampling.
#include "tiling/tile_reader.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <vector>

namespace microtome {
namespace {

// For each target pixel the run of source pixels under its triangle and their weights, which sum to 1.
struct Kernel {
  std::int64_t begin = 0, end = 0;  // all source pixels that any run holds
  std::size_t taps = 0;             // distance between the weights of two runs
  std::vector<std::int64_t> first, count;
  std::vector<float> weights;
};

// The triangle is as wide as PIL's: one source pixel to either side when enlarging, `scale` of them when reducing.
Kernel make_kernel(double box0, double box1, std::int64_t source, std::int64_t target) {
  const double scale = (box1 - box0) / static_cast<double>(target);
  const double support = std::max(scale, 1.0);
  Kernel kernel{source, 0, static_cast<std::size_t>(std::ceil(support)) * 2 + 1, {}, {}, {}};
  kernel.weights.resize(kernel.taps * target);
  std::vector<double> run(kernel.taps);
  for (std::int64_t i = 0; i < target; ++i) {
    const double centre = box0 + (static_cast<double>(i) + 0.5) * scale;
    const auto from = std::clamp(static_cast<std::int64_t>(std::floor(centre - support + 0.5)), std::int64_t{0}, source - 1);
    const auto to = std::clamp(static_cast<std::int64_t>(std::floor(centre + support + 0.5)), from + 1, source);
    double sum = 0;
    for (std::int64_t x = from; x < to; ++x) {
      run[x - from] = std::max(0.0, 1 - std::abs((static_cast<double>(x) - centre + 0.5) / support));
      sum += run[x - from];
    }
    // a target pixel wholly outside the source takes the nearest source pixel
    if (sum <= 0) run[0] = sum = 1;
    for (std::int64_t x = from; x < to; ++x) kernel.weights[i * kernel.taps + x - from] = static_cast<float>(run[x - from] / sum);
    kernel.first.push_back(from);
    kernel.count.push_back(to - from);
    kernel.begin = std::min(kernel.begin, from);
    kernel.end = std::max(kernel.end, to);
  }
  return kernel;
}

void resample_row(const Kernel& kernel, const std::uint8_t* source, float* target) {
  for (std::size_t i = 0; i < kernel.first.size(); ++i) {
    const std::uint8_t* pixel = source + kernel.first[i] * 3;
    const float* weight = &kernel.weights[i * kernel.taps];
    float r = 0, g = 0, b = 0;
    for (std::int64_t k = 0; k < kernel.count[i]; ++k, pixel += 3) {
      r += weight[k] * pixel[0];
      g += weight[k] * pixel[1];
      b += weight[k] * pixel[2];
    }
    target[3 * i] = r;
    target[3 * i + 1] = g;
    target[3 * i + 2] = b;
  }
}

std::uint8_t to_byte(float value) { return static_cast<std::uint8_t>(std::clamp(value + 0.5f, 0.0f, 255.0f)); }

// The pixels of a level that one axis of a tile needs, and the tile's box counted from the first of them.
struct Window {
  std::int64_t origin_level0 = 0;
  std::int64_t count = 0;
  double box0 = 0, box1 = 0;
};

// The kernel may look past the tile's box at its neighbours, as PIL's does under box=, but not past the slide's edge:
// there its weights are shared among the pixels that exist. Only a tile that itself overhangs the slide sees background.
Window axis_window(std::int64_t origin, const TileGeometry& geometry, std::int64_t level_extent, std::int64_t slide_extent) {
  const double d = geometry.downsample;
  const double box0 = static_cast<double>(origin) / d, box1 = (static_cast<double>(origin) + geometry.side_level0) / d;
  const auto first = static_cast<std::int64_t>(std::floor(box0)), last = static_cast<std::int64_t>(std::ceil(box1));
  const auto margin = static_cast<std::int64_t>(std::ceil(std::max(1.0, (box1 - box0) / geometry.tile_px))) + 1;
  const std::int64_t begin = std::max(first - margin, std::min<std::int64_t>(0, first));

  Window window;
  window.origin_level0 = std::llround(static_cast<double>(begin) * d);
  // what rounding to a level-0 pixel moved the window by goes into the box
  const double origin_level = static_cast<double>(window.origin_level0) / d;
  const bool overhangs = static_cast<double>(origin) + geometry.side_level0 > static_cast<double>(slide_extent) + 1e-6;
  // a hundredth of a pixel is what OpenSlide cannot tell from the grid
  const auto whole_pixels = static_cast<std::int64_t>(std::floor(static_cast<double>(level_extent) - origin_level + 0.01));
  window.count = last + margin - begin;
  window.count = std::max<std::int64_t>(1, std::min(window.count, overhangs ? std::max(last - begin, whole_pixels) : whole_pixels));
  window.box0 = box0 - origin_level;
  window.box1 = box1 - origin_level;
  return window;
}

bool is_level_itself(const TileGeometry& geometry, Level0Point origin) {
  const double x = static_cast<double>(origin.x_level0) / geometry.downsample;
  const double y = static_cast<double>(origin.y_level0) / geometry.downsample;
  return geometry.side_level0 / geometry.downsample == geometry.tile_px && x == std::floor(x) && y == std::floor(y);
}

}  // namespace

void read_tile(const Slide& slide, const TileGeometry& geometry, Level0Point origin, std::span<std::uint8_t> rgb) {
  const Size tile{geometry.tile_px, geometry.tile_px};
  if (is_level_itself(geometry, origin)) {
    slide.read(geometry.level, origin, tile, rgb);
    return;
  }
  const Size level = slide.info().levels[geometry.level].size, whole = slide.info().levels[0].size;
  const Window x = axis_window(origin.x_level0, geometry, level.width, whole.width);
  const Window y = axis_window(origin.y_level0, geometry, level.height, whole.height);
  const Size seen{x.count, y.count};
  std::vector<std::uint8_t> pixels(seen.width * seen.height * 3);
  slide.read(geometry.level, {x.origin_level0, y.origin_level0}, seen, pixels);
  resample_rgb(pixels, seen, {x.box0, y.box0, x.box1, y.box1}, rgb, tile);
}

void resample_rgb(std::span<const std::uint8_t> source, Size source_size, RasterBox box, std::span<std::uint8_t> target, Size target_size) {
  assert(source.size() == static_cast<std::size_t>(source_size.width * source_size.height * 3));
  assert(target.size() == static_cast<std::size_t>(target_size.width * target_size.height * 3));
  const Kernel across = make_kernel(box.x0, box.x1, source_size.width, target_size.width);
  const Kernel down = make_kernel(box.y0, box.y1, source_size.height, target_size.height);
  const std::size_t row_length = target_size.width * 3;

  std::vector<float> narrowed((down.end - down.begin) * row_length);
  for (std::int64_t y = down.begin; y < down.end; ++y) {
    resample_row(across, &source[y * source_size.width * 3], &narrowed[(y - down.begin) * row_length]);
  }
  std::vector<float> row(row_length);
  for (std::int64_t y = 0; y < target_size.height; ++y) {
    std::fill(row.begin(), row.end(), 0.0f);
    for (std::int64_t k = 0; k < down.count[y]; ++k) {
      const float weight = down.weights[y * down.taps + k];
      const float* from = &narrowed[(down.first[y] + k - down.begin) * row_length];
      for (std::size_t i = 0; i < row_length; ++i) row[i] += weight * from[i];
    }
    for (std::size_t i = 0; i < row_length; ++i) target[y * row_length + i] = to_byte(row[i]);
  }
}

}  // namespace microtome
