// SPDX-License-Identifier: Apache-2.0
// The images of a tiled TIFF as the levels of a slide, with those that the codec makes by decoding at a fraction.
#pragma once

#include <vector>

#include "tiling/slide.h"
#include "tiling/tiff/tiff_directory.h"

namespace microtome {

/// Where the pixels of a level come from. Same order as SlideInfo::levels.
struct TiffLevel {
  std::size_t image = 0;  // index into TiffPyramid::images
  int reduction = 0;
  Size size;                 // pixels of the level; the part of a last half pixel is left out
  Size tile;                 // a stored tile in pixels of the level
  std::int64_t columns = 0;  // of stored tiles
};

struct TiffPyramid {
  std::vector<TiffImage> images;
  std::vector<TiffLevel> levels;
  SlideInfo info;
};

/// Levels as OpenSlide has them: of an Aperio file every tiled image, of any other the first and those marked as reduced; widest first.
/// `file.why_not` must be empty.
TiffPyramid make_pyramid(TiffFile file, const ByteSource& bytes);

}  // namespace microtome
