// SPDX-License-Identifier: Apache-2.0
// What a slide's properties say about microns per pixel, from the best source to the worst. Pure: no file, no library.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "tiling/slide.h"

namespace microtome {

/// Looks up one property of a slide by its name; nullopt where the slide does not have it.
using PropertyLookup = std::function<std::optional<std::string>(const std::string& name)>;

/// The whole of `text` as a finite number with a decimal point, whatever the locale; nullopt for anything else.
std::optional<double> parse_number(std::string_view text);

/// The first of these that the slide has: openslide.mpp-x/-y, aperio.MPP, tiff.X/YResolution with tiff.ResolutionUnit,
/// 10 / openslide.objective-power. Values that are no positive number count as not said; so does a TIFF resolution
/// outside 0.05..10 um/px, because programs that know nothing write 72, 96 or 300 dpi, 10 px/cm or 1 px there.
std::optional<Scale> scale_in_file(const PropertyLookup& property);

}  // namespace microtome
