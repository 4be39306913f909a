// SPDX-License-Identifier: Apache-2.0
// A saturation threshold between stated limits, then the shape rules. The mask's frame is the overview's throughout.
#include "tiling/tissue.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace microtome {
namespace {

using Mask = std::vector<std::uint8_t>;

constexpr int kBins = 256;
// In black (unscanned areas of some scanners, pen) the hue is compression noise, so saturation says nothing.
constexpr int kBlack = 26;

float saturation(const std::uint8_t* rgb) {
  const auto [least, most] = std::minmax({rgb[0], rgb[1], rgb[2]});
  return most < kBlack ? 0.0f : static_cast<float>(most - least) / static_cast<float>(most);
}

std::vector<float> saturations(const Overview& overview) {
  std::vector<float> result(overview.size.width * overview.size.height);
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = saturation(&overview.rgb[3 * i]);
  return result;
}

// Otsu 1979: the cut that maximises the variance between the two classes.
double otsu(const std::vector<float>& values) {
  std::array<double, kBins> histogram{};
  for (const float value : values) ++histogram[std::min(kBins - 1, static_cast<int>(value * kBins))];
  double total = 0;
  for (int i = 0; i < kBins; ++i) total += i * histogram[i];
  const auto n = static_cast<double>(values.size());

  double below = 0, below_sum = 0, best = -1;
  int cut = 0;
  for (int i = 0; i + 1 < kBins; ++i) {
    below += histogram[i];
    below_sum += i * histogram[i];
    if (below == 0 || below == n) continue;
    const double apart = below_sum / below - (total - below_sum) / (n - below);
    const double between = below * (n - below) * apart * apart;
    if (between > best) {
      best = between;
      cut = i + 1;
    }
  }
  return static_cast<double>(cut) / kBins;
}

// Dilation by a disc of `radius` pixels: row y holds what lies within half-chord(dy) of a set pixel in row y + dy.
Mask dilate(const Mask& mask, Size size, double radius) {
  const auto reach = static_cast<std::int64_t>(std::floor(radius));
  Mask result(mask.size(), 0);
  std::vector<std::int64_t> starts(size.width + 1);
  for (std::int64_t y = 0; y < size.height; ++y) {
    // set pixels left of x, so that "any within half a chord" is one subtraction
    for (std::int64_t x = 0; x < size.width; ++x) starts[x + 1] = starts[x] + (mask[y * size.width + x] != 0);
    if (starts[size.width] == 0) continue;
    for (std::int64_t dy = -reach; dy <= reach; ++dy) {
      if (y + dy < 0 || y + dy >= size.height) continue;
      const auto half = static_cast<std::int64_t>(std::floor(std::sqrt(radius * radius - static_cast<double>(dy * dy))));
      for (std::int64_t x = 0; x < size.width; ++x) {
        const std::int64_t from = std::max<std::int64_t>(0, x - half), to = std::min(size.width, x + half + 1);
        if (starts[to] > starts[from]) result[(y + dy) * size.width + x] = 1;
      }
    }
  }
  return result;
}

void invert(Mask& mask) {
  for (std::uint8_t& pixel : mask) pixel = !pixel;
}

// Closing on a frame wide enough that the border neither attracts nor erodes tissue.
Mask close_gaps(const Mask& mask, Size size, double radius) {
  if (radius < 1) return mask;
  const auto pad = static_cast<std::int64_t>(std::ceil(radius)) + 1;
  const Size padded{size.width + 2 * pad, size.height + 2 * pad};
  Mask wide(padded.width * padded.height, 0);
  for (std::int64_t y = 0; y < size.height; ++y) {
    std::copy_n(&mask[y * size.width], size.width, &wide[(y + pad) * padded.width + pad]);
  }
  wide = dilate(wide, padded, radius);
  invert(wide);
  wide = dilate(wide, padded, radius);
  Mask result(mask.size());
  for (std::int64_t y = 0; y < size.height; ++y) {
    for (std::int64_t x = 0; x < size.width; ++x) result[y * size.width + x] = !wide[(y + pad) * padded.width + x + pad];
  }
  return result;
}

// One connected region of equal value, found by walking; `on_border` tells a bay of the background from a hole.
struct Region {
  std::vector<std::int64_t> pixels;
  bool on_border = false;
};

Region walk(const Mask& mask, Size size, std::int64_t start, bool diagonals, Mask& seen) {
  Region region;
  region.pixels.push_back(start);
  seen[start] = 1;
  for (std::size_t next = 0; next < region.pixels.size(); ++next) {
    const std::int64_t x = region.pixels[next] % size.width, y = region.pixels[next] / size.width;
    if (x == 0 || y == 0 || x == size.width - 1 || y == size.height - 1) region.on_border = true;
    for (std::int64_t v = std::max<std::int64_t>(0, y - 1); v <= std::min(size.height - 1, y + 1); ++v) {
      for (std::int64_t u = std::max<std::int64_t>(0, x - 1); u <= std::min(size.width - 1, x + 1); ++u) {
        const std::int64_t i = v * size.width + u;
        if ((!diagonals && u != x && v != y) || seen[i] || mask[i] != mask[start]) continue;
        seen[i] = 1;
        region.pixels.push_back(i);
      }
    }
  }
  return region;
}

// Turns regions of `value` smaller than `least` pixels into their surroundings.
// `least` comes from a quotient of areas, so it is compared with a little slack.
void flip_small(Mask& mask, Size size, std::uint8_t value, double least) {
  const bool tissue = value == 1;
  Mask seen(mask.size(), 0);
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(mask.size()); ++i) {
    if (seen[i] || mask[i] != value) continue;
    const Region region = walk(mask, size, i, tissue, seen);
    if (static_cast<double>(region.pixels.size()) >= least - 1e-6 || (!tissue && region.on_border)) continue;
    for (const std::int64_t pixel : region.pixels) mask[pixel] = !value;
  }
}

}  // namespace

TissueMask find_tissue(const Overview& overview, const TissueSettings& settings) {
  TissueMask mask{overview.size, overview.downsample, overview.mpp, overview.x_level0, overview.y_level0, {}, 0};
  const std::vector<float> values = saturations(overview);
  const double threshold = std::clamp(otsu(values), settings.min_saturation, settings.max_saturation);
  mask.inside.resize(values.size());
  std::transform(values.begin(), values.end(), mask.inside.begin(), [=](float value) { return value > threshold; });

  const double pixel_mm2 = overview.mpp * overview.mpp * 1e-6;
  mask.inside = close_gaps(mask.inside, mask.size, settings.close_um / 2 / overview.mpp);
  flip_small(mask.inside, mask.size, 1, settings.min_speck_mm2 / pixel_mm2);
  flip_small(mask.inside, mask.size, 0, settings.min_hole_mm2 / pixel_mm2);
  mask.area_mm2 = static_cast<double>(std::count(mask.inside.begin(), mask.inside.end(), 1)) * pixel_mm2;
  return mask;
}

}  // namespace microtome
