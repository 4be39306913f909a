// SPDX-License-Identifier: Apache-2.0
// Microns per pixel: read from properties, then weighed against what the user gave.
#include "tiling/scale.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace microtome {
namespace {

constexpr double kFinestMpp = 0.05;
constexpr double kCoarsestMpp = 10;
constexpr double kSquare = 0.01;     // x and y may differ by this share
constexpr double kAgreement = 0.05;  // a given value may differ from a measured one by this share
constexpr const char* kGuess = "objective-power";

bool plausible(double mpp) { return mpp >= kFinestMpp && mpp <= kCoarsestMpp; }

std::optional<double> positive(const PropertyLookup& property, const std::string& name) {
  const auto text = property(name);
  const auto value = text ? parse_number(*text) : std::nullopt;
  return value && *value > 0 ? value : std::nullopt;
}

std::optional<Scale> from_axes(std::optional<double> x, std::optional<double> y, const char* source) {
  if (!x && !y) return std::nullopt;
  if (!x) x = y;
  if (!y) y = x;
  return Scale{(*x + *y) / 2, source, *y / *x};
}

std::optional<Scale> from_tiff_resolution(const PropertyLookup& property) {
  const std::string unit = property("tiff.ResolutionUnit").value_or("");
  const double um_per_unit = unit == "inch" ? 25400.0 : unit == "centimeter" ? 10000.0 : 0.0;
  const auto in_microns = [&](const char* name) -> std::optional<double> {
    const auto per_unit = positive(property, name);
    if (!per_unit || !plausible(um_per_unit / *per_unit)) return std::nullopt;
    return um_per_unit / *per_unit;
  };
  return from_axes(in_microns("tiff.XResolution"), in_microns("tiff.YResolution"), "tiff.resolution");
}

void require_plausible(const Scale& scale) {
  if (!plausible(scale.mpp)) {
    throw SlideError("mpp_implausible", fmt::format("use the scale of the slide: {} says {} um/px, and a microscope gives {} to {}: "
                                                    "correct it, or give the slide's mpp in the manifest if its file does not say it",
                                                    scale.source, scale.mpp, kFinestMpp, kCoarsestMpp));
  }
  if (std::abs(scale.y_over_x - 1) > kSquare) {
    throw SlideError("mpp_implausible", fmt::format("use the scale of the slide: {} says that a pixel is {} times as high as wide: "
                                                    "convert the slide to square pixels",
                                                    scale.source, scale.y_over_x));
  }
}

}  // namespace

std::optional<double> parse_number(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<Scale> scale_in_file(const PropertyLookup& property) {
  if (auto scale = from_axes(positive(property, "openslide.mpp-x"), positive(property, "openslide.mpp-y"), "openslide.mpp")) return scale;
  if (const auto mpp = positive(property, "aperio.MPP")) return Scale{*mpp, "aperio.MPP"};
  if (auto scale = from_tiff_resolution(property)) return scale;
  if (const auto power = positive(property, "openslide.objective-power")) return Scale{10 / *power, kGuess};
  return std::nullopt;
}

Scale resolve_scale(const SlideInfo& info, const std::optional<Scale>& given) {
  if (given) require_plausible(*given);
  const bool measured = info.scale && info.scale->source != kGuess;
  if (!measured && given) return *given;
  if (!info.scale) {
    throw SlideError(
        "no_mpp", "find the scale of the slide: the file holds no microns per pixel and no objective power: give its mpp in the manifest");
  }
  require_plausible(*info.scale);
  if (given && std::abs(given->mpp / info.scale->mpp - 1) > kAgreement) {
    throw SlideError("mpp_conflict",
                     fmt::format("use {} um/px from the {}: the slide's own {} says {} um/px: correct the one that is wrong", given->mpp,
                                 given->source, info.scale->source, info.scale->mpp));
  }
  return *info.scale;
}

}  // namespace microtome
