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
constexpr double kAboveGlass = 0.025;  // pale tissue is at least this much more saturated than glass

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

// The commonest saturation below the threshold is that of glass, which is not always white.
double glass_saturation(const Histogram& histogram, double threshold) {
  const auto end = histogram.begin() + std::max(1, static_cast<int>(threshold * kBins));
  return static_cast<double>(std::max_element(histogram.begin(), end) - histogram.begin()) / kBins;
}

// Fat is thin membranes around glassy holes: hardly coloured, but broad.
MaskPixels with_pale_tissue(const Overview& overview, const MaskPixels& tissue, const MaskPixels& ink, double threshold,
                            const TissueSettings& settings) {
  MaskPixels pale = more_saturated(overview, threshold);
  remove(pale, ink);
  pale = close_gaps(pale, overview.size, settings.close_um / 2 / overview.mpp);
  remove(pale, ink);
  remove(pale, tissue);
  pale = keep_wide(pale, overview.size, settings.pale_um / 2 / overview.mpp);
  std::transform(pale.begin(), pale.end(), tissue.begin(), pale.begin(), std::bit_or<>());
  return regions_with_seeds(pale, tissue, overview.size, 0);
}

// Where ink fades into glass there is a rim that looks like tissue.
void remove_rims(MaskPixels& mask, const MaskPixels& ink, Size size, double margin) {
  if (ink.empty()) return;
  const MaskPixels near = dilate(ink, size, margin), wide = keep_wide(mask, size, margin);
  for (std::size_t i = 0; i < mask.size(); ++i) mask[i] &= (near[i] ^ 1) | wide[i];
}

}  // namespace

TissueMask find_tissue(const Overview& overview, const TissueSettings& settings) {
  TissueMask mask{overview.size, overview.downsample, overview.mpp, overview.x_level0, overview.y_level0, {}, 0};
  const MaskPixels ink = settings.reject_pen ? find_ink(overview, settings) : MaskPixels();
  const Histogram histogram = saturation_histogram(overview, ink);
  const double threshold = std::clamp(otsu(histogram), settings.min_saturation, settings.max_saturation);
  const double pale_threshold = std::max(settings.pale_saturation, glass_saturation(histogram, threshold) + kAboveGlass);
  mask.inside = more_saturated(overview, threshold);

  const double pixel_mm2 = overview.mpp * overview.mpp * 1e-6;
  remove(mask.inside, ink);
  mask.inside = close_gaps(mask.inside, mask.size, settings.close_um / 2 / overview.mpp);
  remove(mask.inside, ink);  // closing reaches across strokes, and filling holes fills dots
  if (pale_threshold < threshold) mask.inside = with_pale_tissue(overview, mask.inside, ink, pale_threshold, settings);
  remove_rims(mask.inside, ink, mask.size, settings.pen_margin_um / overview.mpp);
  flip_small(mask.inside, mask.size, 1, settings.min_speck_mm2 / pixel_mm2);
  flip_small(mask.inside, mask.size, 0, settings.min_hole_mm2 / pixel_mm2);
  remove(mask.inside, ink);
  mask.area_mm2 = static_cast<double>(std::count(mask.inside.begin(), mask.inside.end(), 1)) * pixel_mm2;
  return mask;
}

}  // namespace microtome
