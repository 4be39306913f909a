// SPDX-License-Identifier: Apache-2.0
// A saturation threshold between stated limits, then the shape rules. The mask's frame is the overview's throughout.
#include "tiling/tissue.h"

#include <algorithm>
#include <array>
#include <functional>

#include "tiling/tissue/ink.h"
#include "tiling/tissue/mask_shape.h"

namespace microtome {
namespace {

constexpr int kBins = 256;
// In black (unscanned areas of some scanners, pen) the hue is compression noise, so saturation says nothing.
constexpr int kBlack = 26;
constexpr double kAboveGlass = 0.025;  // pale tissue is at least this much more saturated than glass

using Histogram = std::array<std::int64_t, kBins>;

// HSV saturation of a pixel whose largest channel is `most`; `chroma` is largest minus smallest.
float saturation(int most, int chroma) { return most < kBlack ? 0.0f : static_cast<float>(chroma) / static_cast<float>(most); }

struct Chroma {
  explicit Chroma(const std::uint8_t* rgb) {
    most = std::max(std::max(rgb[0], rgb[1]), rgb[2]);
    chroma = most - std::min(std::min(rgb[0], rgb[1]), rgb[2]);
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

struct Limits {
  double tissue = 0, pale = 0;  // saturations above which a pixel counts
};

struct Masks {
  MaskPixels tissue, pale;
};

// For each largest channel the least chroma that is above a saturation.
std::array<int, kBins> least_chroma(double threshold) {
  std::array<int, kBins> result{};
  for (int most = 0; most < kBins; ++most) {
    while (result[most] <= most && !(saturation(most, result[most]) > threshold)) ++result[most];
  }
  return result;
}

Masks more_saturated(const Overview& overview, const Limits& limits) {
  const auto tissue = least_chroma(limits.tissue), pale = least_chroma(limits.pale);
  const std::size_t pixels = overview.rgb.size() / 3;
  Masks masks{MaskPixels(pixels), MaskPixels(pixels)};
  for (std::size_t i = 0; i < pixels; ++i) {
    const Chroma pixel(&overview.rgb[3 * i]);
    masks.tissue[i] = pixel.chroma >= tissue[pixel.most];
    masks.pale[i] = pixel.chroma >= pale[pixel.most];
  }
  return masks;
}

void remove(MaskPixels& mask, const MaskPixels& ink) {
  if (ink.empty()) return;
  std::transform(mask.begin(), mask.end(), ink.begin(), mask.begin(), [](int inside, int hidden) { return inside & !hidden; });
}

// The commonest saturation below the threshold is that of glass, which is not always white.
double glass_saturation(const Histogram& histogram, double threshold) {
  const auto end = histogram.begin() + std::max(1, static_cast<int>(threshold * kBins));
  return static_cast<double>(std::max_element(histogram.begin(), end) - histogram.begin()) / kBins;
}

// Fat is thin membranes around glassy holes: hardly coloured, but broad.
void add_pale_tissue(MaskPixels& tissue, MaskPixels pale, Size size, double radius) {
  remove(pale, tissue);
  pale = keep_wide(pale, size, radius);
  std::transform(pale.begin(), pale.end(), tissue.begin(), pale.begin(), std::bit_or<>());
  tissue = regions_with_seeds(pale, tissue, size, 0);
}

// Closing reaches across strokes, so ink is taken out before and after.
MaskPixels closed(MaskPixels mask, const MaskPixels& ink, Size size, double radius) {
  remove(mask, ink);
  mask = close_gaps(mask, size, radius);
  remove(mask, ink);
  return mask;
}

Limits saturation_limits(const Overview& overview, const MaskPixels& ink, const TissueSettings& settings) {
  const Histogram histogram = saturation_histogram(overview, ink);
  const double tissue = std::clamp(otsu(histogram), settings.min_saturation, settings.max_saturation);
  return {tissue, std::max(settings.pale_saturation, glass_saturation(histogram, tissue) + kAboveGlass)};
}

// Where ink fades into glass there is a rim that looks like tissue.
void remove_rims(MaskPixels& mask, const MaskPixels& ink, Size size, double margin) {
  if (ink.empty()) return;
  const MaskPixels near = dilate(ink, size, margin), wide = keep_wide(mask, size, margin);
  for (std::size_t i = 0; i < mask.size(); ++i) mask[i] &= (near[i] ^ 1) | wide[i];
}

}  // namespace

TissueMask find_tissue(const Overview& overview, const TissueSettings& settings) {
  const Size size = overview.size;
  const double pixel_mm2 = overview.mpp * overview.mpp * 1e-6, gap = settings.close_um / 2 / overview.mpp;
  const MaskPixels ink = settings.reject_pen ? find_ink(overview, settings) : MaskPixels();
  const Limits limits = saturation_limits(overview, ink, settings);
  Masks masks = more_saturated(overview, limits);
  MaskPixels inside = closed(std::move(masks.tissue), ink, size, gap);
  if (limits.pale < limits.tissue) {
    add_pale_tissue(inside, closed(std::move(masks.pale), ink, size, gap), size, settings.pale_um / 2 / overview.mpp);
  }
  remove_rims(inside, ink, size, settings.pen_margin_um / overview.mpp);
  flip_small(inside, size, 1, settings.min_speck_mm2 / pixel_mm2);
  flip_small(inside, size, 0, settings.min_hole_mm2 / pixel_mm2);
  remove(inside, ink);  // a dot of ink is a small hole
  const double area_mm2 = static_cast<double>(std::count(inside.begin(), inside.end(), 1)) * pixel_mm2;
  return {size, overview.downsample, overview.mpp, overview.x_level0, overview.y_level0, std::move(inside), area_mm2};
}

}  // namespace microtome
