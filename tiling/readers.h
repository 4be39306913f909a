// SPDX-License-Identifier: Apache-2.0
// The readers behind open_slide, for open_slide itself and for comparing one with the other.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "tiling/slide.h"
#include "tiling/tiff/byte_source.h"

namespace microtome {

/// Any format OpenSlide knows. Throws SlideError (not_a_slide, cannot_open).
std::unique_ptr<Slide> open_with_openslide(const std::filesystem::path& path);

/// What OpenSlide takes the file for ("aperio", "generic-tiff", ...); empty where it knows none.
std::string openslide_vendor(const std::filesystem::path& path);

/// Tiled TIFF, BigTIFF and Aperio SVS, without OpenSlide. Null where another reader may do better: `why_not` says why,
/// and is empty where the file is no TIFF at all.
std::unique_ptr<Slide> open_with_tiff(std::unique_ptr<ByteSource> bytes, std::string& why_not);

}  // namespace microtome
