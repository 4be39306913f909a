// SPDX-License-Identifier: Apache-2.0
// A saturation threshold between stated limits, then the shape rules. The mask's frame is the overview's throughout.
#include "tiling/tissue.h"

#include <algorithm>
#include <array>
#include <functional>

#include "tiling/ink.h"
#include "tiling/mask_shape.h"

namespace microtome {
namespace {

constexpr int kBins = 256;
// In black (unscanned areas of some scanners, pen) the hue is compression noise, so saturation says nothing.
constexpr int kBlack = 26;

using Histogram = std::array<std::int64_t, kBins>;

// HSV saturation of a pixel whose largest channel is `most`; `chroma` is largest minus smallest.
float saturation(int most, int chroma) { return most < kBlack ? 0.0f : static_cast<float>(chroma) / static_cast<float>(most); }

struct Chroma {
  explicit Chroma(const std::uint8_t* rgb) {
    const auto [low, high] = std::minmax({rgb[0], rgb[1], rgb[2]});
    most = high;
    chroma = high - low;
  }
  int most, chroma;
};

// There are only 256 x 256 saturations: each is computed once.
template <class Value>
std::vector<Value> saturation_table(Value (*value)(float)) {
  std::vector<Value> table(kBins * kBins);
  for (int most = 0; most < kBins; ++most) {
    for (int chroma = 0; chroma <= most; ++chroma) table[most * kBins + chroma] = value(saturation(most, chroma));
  }
  return table;
}

// `ink` may be empty; otherwise its pixels do not count.
Histogram saturation_histogram(const Overview& overview, const MaskPixels& ink) {
  const auto bins = saturation_table<std::uint8_t>(
      [](float value) { return static_cast<std::uint8_t>(std::min(kBins - 1, static_cast<int>(value * kBins))); });
  // Neighbours are often equal; four histograms spare each of them the wait for the other's sum.
  std::array<Histogram, 4> parts{};
  for (std::size_t i = 0; i < overview.rgb.size() / 3; ++i) {
    const Chroma pixel(&overview.rgb[3 * i]);
    parts[i % 4][bins[pixel.most * kBins + pixel.chroma]] += ink.empty() || !ink[i];
  }
  Histogram sum{};
  for (const Histogram& part : parts) std::transform(part.begin(), part.end(), sum.begin(), sum.begin(), std::plus<>());
  return sum;
}

// Otsu 1979: the cut that maximises the variance between the two classes.
double otsu(const Histogram& histogram) {
  double total = 0, n = 0;
  for (int i = 0; i < kBins; ++i) {
    total += static_cast<double>(i * histogram[i]);
    n += static_cast<double>(histogram[i]);
  }
  double below = 0, below_sum = 0, best = -1;
  int cut = 0;
  for (int i = 0; i + 1 < kBins; ++i) {
    below += static_cast<double>(histogram[i]);
    below_sum += static_cast<double>(i * histogram[i]);
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

MaskPixels more_saturated(const Overview& overview, double threshold) {
  std::array<int, kBins> least_chroma{};  // that is above the threshold, for each largest channel
  for (int most = 0; most < kBins; ++most) {
    int& chroma = least_chroma[most];
    while (chroma <= most && !(saturation(most, chroma) > threshold)) ++chroma;
  }
  MaskPixels result(overview.rgb.size() / 3);
  for (std::size_t i = 0; i < result.size(); ++i) {
    const Chroma pixel(&overview.rgb[3 * i]);
    result[i] = pixel.chroma >= least_chroma[pixel.most];
  }
  return result;
}

void remove(MaskPixels& mask, const MaskPixels& ink) {
  if (ink.empty()) return;
  std::transform(mask.begin(), mask.end(), ink.begin(), mask.begin(), [](int inside, int hidden) { return inside & !hidden; });
}

}  // namespace

TissueMask find_tissue(const Overview& overview, const TissueSettings& settings) {
  TissueMask mask{overview.size, overview.downsample, overview.mpp, overview.x_level0, overview.y_level0, {}, 0};
  const MaskPixels ink = settings.reject_pen ? find_ink(overview, settings) : MaskPixels();
  const double threshold = otsu(saturation_histogram(overview, ink));
  mask.inside = more_saturated(overview, std::clamp(threshold, settings.min_saturation, settings.max_saturation));

  const double pixel_mm2 = overview.mpp * overview.mpp * 1e-6;
  remove(mask.inside, ink);
  mask.inside = close_gaps(mask.inside, mask.size, settings.close_um / 2 / overview.mpp);
  remove(mask.inside, ink);  // closing reaches across strokes, and filling holes fills dots
  flip_small(mask.inside, mask.size, 1, settings.min_speck_mm2 / pixel_mm2);
  flip_small(mask.inside, mask.size, 0, settings.min_hole_mm2 / pixel_mm2);
  remove(mask.inside, ink);
  mask.area_mm2 = static_cast<double>(std::count(mask.inside.begin(), mask.inside.end(), 1)) * pixel_mm2;
  return mask;
}

}  // namespace microtome
