// SPDX-License-Identifier: Apache-2.0
// Tile scores painted on the slide's own frame, in bands of rows so that memory stays small beside the raster itself.
#include "reporting/heatmap.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace microtome {
namespace {

constexpr std::int64_t kLongest = 4096;
constexpr std::int64_t kShortest = 64;
constexpr std::int64_t kBandRows = 256;

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// The first pixel whose centre lies at or after `edge`; the quotient may be off by a rounding, the comparison is not.
std::int64_t first_pixel(double edge, double downsample) {
  auto pixel = static_cast<std::int64_t>(std::ceil(edge / downsample - 0.5));
  while ((static_cast<double>(pixel) - 0.5) * downsample >= edge) --pixel;
  while ((static_cast<double>(pixel) + 0.5) * downsample < edge) ++pixel;
  return pixel;
}

struct PixelSpan {
  std::int64_t begin = 0, end = 0;
};

PixelSpan covered(std::int64_t start, double side, int downsample, std::int64_t extent) {
  const auto x = static_cast<double>(start);
  return {std::clamp<std::int64_t>(first_pixel(x, downsample), 0, extent),
          std::clamp<std::int64_t>(first_pixel(x + side, downsample), 0, extent)};
}

struct Band {
  std::int64_t first_row = 0, rows = 0, width = 0;
  std::vector<double> sum;
  std::vector<std::int32_t> count;
};

void add_tile(Band& band, PixelSpan columns, PixelSpan rows, double score) {
  const std::int64_t begin = std::max(rows.begin, band.first_row);
  const std::int64_t end = std::min(rows.end, band.first_row + band.rows);
  for (std::int64_t row = begin; row < end; ++row) {
    const auto line = static_cast<std::size_t>((row - band.first_row) * band.width);
    for (std::int64_t column = columns.begin; column < columns.end; ++column) {
      band.sum[line + static_cast<std::size_t>(column)] += score;
      ++band.count[line + static_cast<std::size_t>(column)];
    }
  }
}

void colour_band(const Band& band, RasterRgba& raster) {
  std::uint8_t* out = raster.rgba.data() + band.first_row * band.width * 4;
  for (std::size_t i = 0; i < band.sum.size(); ++i, out += 4) {
    if (band.count[i] == 0) continue;
    const Rgb colour = heat_colour(band.sum[i] / band.count[i]);
    out[0] = colour.r;
    out[1] = colour.g;
    out[2] = colour.b;
    out[3] = 255;
  }
}

}  // namespace

int heatmap_downsample(Size slide) {
  const std::int64_t longer = std::max(slide.width, slide.height);
  const std::int64_t shorter = std::min(slide.width, slide.height);
  std::int64_t downsample = 16;
  while (ceil_div(longer, downsample) > kLongest) downsample *= 2;
  while (downsample > 1 && ceil_div(shorter, downsample) < kShortest && ceil_div(longer, downsample / 2) <= kLongest) downsample /= 2;
  return static_cast<int>(downsample);
}

RasterRgba draw_heatmap(const HeatmapRequest& request) {
  const Size size{ceil_div(request.slide.width, request.downsample), ceil_div(request.slide.height, request.downsample)};
  RasterRgba raster{size, std::vector<std::uint8_t>(static_cast<std::size_t>(size.width * size.height * 4), 0)};
  for (std::int64_t first = 0; first < size.height; first += kBandRows) {
    Band band{first, std::min(kBandRows, size.height - first), size.width, {}, {}};
    band.sum.resize(static_cast<std::size_t>(band.rows * band.width));
    band.count.resize(band.sum.size());
    for (std::size_t tile = 0; tile < request.scores.size(); ++tile) {
      if (std::isnan(request.scores[tile])) continue;
      const PixelSpan rows = covered(request.coords[2 * tile + 1], request.side_level0, request.downsample, size.height);
      if (rows.end <= band.first_row || rows.begin >= band.first_row + band.rows) continue;
      add_tile(band, covered(request.coords[2 * tile], request.side_level0, request.downsample, size.width), rows, request.scores[tile]);
    }
    colour_band(band, raster);
  }
  return raster;
}

std::vector<float> percentile_ranks(std::span<const float> scores) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < scores.size(); ++i)
    if (!std::isnan(scores[i])) order.push_back(i);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[a] < scores[b]; });
  std::vector<float> ranks(scores.size(), std::numeric_limits<float>::quiet_NaN());
  const auto n = static_cast<double>(order.size());
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin;
    while (end < order.size() && scores[order[end]] == scores[order[begin]]) ++end;
    const double average = (static_cast<double>(begin + 1) + static_cast<double>(end)) / 2;
    for (; begin < end; ++begin) ranks[order[begin]] = static_cast<float>(average / n);
  }
  return ranks;
}

}  // namespace microtome
