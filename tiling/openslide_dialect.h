// SPDX-License-Identifier: Apache-2.0
// What OpenSlide hands over, in our terms: properties, pixels, messages. Pure: no file, no library.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "tiling/geometry.h"
#include "tiling/scale.h"

namespace microtome {

/// A numeric property; `otherwise` where the slide does not have it or it is no number.
double number_or(const PropertyLookup& property, const std::string& name, double otherwise);

/// openslide.background-color (six hex digits), white where the file says nothing or nonsense.
Rgb background_in_file(const PropertyLookup& property);

/// openslide.bounds-*, cut to the slide; the whole slide where the file says nothing or nonsense.
Level0Rect bounds_in_file(const PropertyLookup& property, Size slide);

/// Lays premultiplied native-endian ARGB over the background: no pixel's alpha is dropped, none turns black.
void composite(std::span<const std::uint32_t> argb, Rgb background, std::span<std::uint8_t> rgb);

/// OpenSlide's messages may quote the slide's absolute path or a file beside it, and those may be named after a patient:
/// the message without them.
std::string without_paths(std::string message, const std::filesystem::path& path);

}  // namespace microtome
