// SPDX-License-Identifier: Apache-2.0
// Most pixels are glass or tissue and leave classify() after a few comparisons; hues and logarithms are for the rest.
#include "tiling/tissue/ink.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace microtome {
namespace {

enum class Ink : std::uint8_t { none, weak, certain };

constexpr double kGreenFrom = 70, kGreenTo = 225, kBlueTo = 255, kWeakTo = 235;  // hues, degrees
constexpr double kRedFrom = 345, kRedTo = 15;
constexpr double kWeakSaturation = 0.15, kWeakRed = 0.6, kWeakValue = 0.2;
constexpr float kGreySpread = 0.3F;

std::array<float, 256> densities() {
  std::array<float, 256> result{};
  for (int i = 0; i < 256; ++i) result[i] = -std::log(static_cast<float>(i + 1) / 256);
  return result;
}

double hue_of(int r, int g, int b, int most, int chroma) {
  if (most == r) return std::fmod(360 + 60.0 * (g - b) / chroma, 360);
  if (most == g) return 120 + 60.0 * (b - r) / chroma;
  return 240 + 60.0 * (r - g) / chroma;
}

class InkRule {
 public:
  explicit InkRule(const TissueSettings& settings)
      : settings_(settings),
        black_(static_cast<int>(255 * settings.dust_value / 2)),
        weak_grey_(static_cast<int>(255 * (settings.dust_value + kWeakValue))) {
    for (int most = 0; most < 256; ++most) {
      weak_chroma_[most] = std::max(1, static_cast<int>(std::ceil(kWeakSaturation * most)));
      stain_chroma_[most] = static_cast<int>(std::ceil(std::min(kWeakRed, settings.pen_saturation) * most));
    }
  }

  Ink classify(const std::uint8_t* rgb) const {
    const int r = rgb[0], g = rgb[1], b = rgb[2];
    const int most = std::max(std::max(r, g), b), least = std::min(std::min(r, g), b), chroma = most - least;
    // one branch for nearly all pixels: those of glass and of tissue that is neither dark nor very saturated
    const bool in_stain = (g == least) & (chroma < stain_chroma_[most]);
    if ((most > weak_grey_) & ((chroma < weak_chroma_[most]) | in_stain)) return Ink::none;
    if (most <= black_) return Ink::certain;
    if (most <= weak_grey_ && is_grey(rgb)) return most <= 2 * black_ ? Ink::certain : Ink::weak;
    if (chroma < weak_chroma_[most] || in_stain) return Ink::none;
    return coloured(hue_of(r, g, b, most, chroma), static_cast<double>(chroma) / most);
  }

 private:
  bool is_grey(const std::uint8_t* rgb) const {
    const float r = density_[rgb[0]], g = density_[rgb[1]], b = density_[rgb[2]];
    const auto [least, most] = std::minmax({r, g, b});
    return most - least <= kGreySpread * (r + g + b) / 3;
  }

  Ink coloured(double hue, double saturation) const {
    if (hue >= kRedFrom || hue <= kRedTo) {
      return saturation >= settings_.pen_red_saturation ? Ink::certain : saturation >= kWeakRed ? Ink::weak : Ink::none;
    }
    if (hue < kGreenFrom || hue > kBlueTo) return Ink::none;
    const double rise = std::clamp((hue - kGreenTo) / (kBlueTo - kGreenTo), 0.0, 1.0);
    const double limit = settings_.pen_saturation + rise * (settings_.pen_blue_saturation - settings_.pen_saturation);
    return saturation >= limit ? Ink::certain : hue <= kWeakTo ? Ink::weak : Ink::none;
  }

  TissueSettings settings_;
  int black_, weak_grey_;              // largest channel
  std::array<int, 256> weak_chroma_;   // for each largest channel the least that can be ink at all
  std::array<int, 256> stain_chroma_;  // ... and among the hues that stains have
  std::array<float, 256> density_ = densities();
};

}  // namespace

MaskPixels find_ink(const Overview& overview, const TissueSettings& settings) {
  const InkRule rule(settings);
  const std::size_t pixels = overview.rgb.size() / 3;
  std::size_t first = 0;  // most slides have no ink
  while (first < pixels && rule.classify(&overview.rgb[3 * first]) != Ink::certain) ++first;
  if (first == pixels) return {};
  MaskPixels any(pixels), certain(pixels);
  for (std::size_t i = 0; i < pixels; ++i) {
    const Ink ink = rule.classify(&overview.rgb[3 * i]);
    any[i] = ink != Ink::none;
    certain[i] = ink == Ink::certain;
  }
  const double least = settings.min_pen_mm2 / (overview.mpp * overview.mpp * 1e-6);
  any = regions_with_seeds(any, certain, overview.size, least);
  return std::find(any.begin(), any.end(), 1) == any.end() ? MaskPixels() : any;
}

}  // namespace microtome
