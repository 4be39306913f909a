// SPDX-License-Identifier: Apache-2.0
// A tissue mask that somebody gives instead of the one that find_tissue would find: a PNG, or outlines edited in QuPath (GeoJSON).
// Which of the two is told by the file's first bytes.
//
// PNG: covers the whole slide (all of level 0) at any scale; its aspect ratio may be off by 1 % at most. Grey, RGB or palette, 1 to 16
// bits,
//   with or without alpha: a pixel is tissue unless it is black (every colour 0) or fully transparent. A pixel of the result is tissue
//   where at least half of its area on the slide is.
// GeoJSON: a FeatureCollection, a Feature, an array of Features, or a bare Polygon or MultiPolygon. Coordinates are full-resolution pixels
//   counted, as QuPath does, from the top left of the slide's bounds (of the slide where the file states no bounds). A pixel of the result
//   is tissue where its centre is. Within a polygon the even-odd rule holds (holes are holes), polygons and features are joined. The name
//   of a feature's class decides what it means: "Ignore", "Ignore*", "Exclude" and "Exclude*" (in any case) are taken away from the tissue;
//   other names that end in * are what QuPath calls ignored classes ("Region*"): they neither add nor take away; all others, and features
//   without a class, are tissue.
#pragma once

#include <filesystem>
#include <string>

#include "tiling/slide.h"
#include "tiling/tissue.h"
#include "tiling/tissue/mask_shape.h"

namespace microtome {

/// The mask in the frame that find_tissue would use. Throws SlideError (mask), without the path: no such file, neither PNG nor GeoJSON,
/// damaged, of another shape than the slide, nothing on this slide. Cost: the file's pixels or points once; memory is the result, one row
/// of a PNG (all of it, at most 256 MiB, if it is interlaced), or some ten times a GeoJSON file of at most 256 MiB.
TissueMask read_given_mask(const std::filesystem::path& file, const SlideInfo& info, const Overview& overview);

/// The raster that a given mask is drawn on: pixel edges along both axes in level-0 pixels, size + 1 of them, the last ones cut off where
/// the slide's bounds end.
struct MaskFrame {
  MaskFrame(const SlideInfo& info, const Overview& overview);
  Size size;
  std::vector<double> x_edges, y_edges;
  Size slide;                         // level 0
  double x_bounds = 0, y_bounds = 0;  // top left of the bounds, whole level-0 pixels
};

/// The two kinds. Both throw SlideError (mask).
MaskPixels draw_mask_png(const std::filesystem::path& file, const MaskFrame& frame);
MaskPixels draw_mask_geojson(const std::string& text, const MaskFrame& frame);

/// The one form of this room's refusals.
[[noreturn]] void refuse_mask(const std::string& what, const std::string& to_do);

}  // namespace microtome
