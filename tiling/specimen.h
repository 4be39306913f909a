// SPDX-License-Identifier: Apache-2.0
// Synthetic H&E-like slides with known truth, for demos, tests and benchmarks. Same seed, same bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tiling/geometry.h"

namespace microtome {

/// One synthetic slide.
struct SpecimenSettings {
  std::uint64_t seed = 0;  // everything random comes from this and nothing else
  int width = 6144;        // level-0 pixels
  int height = 4608;
  double mpp = 0.5;           // microns per level-0 pixel; texture is drawn in microns, so scale looks the same at any mpp
  double tumour_share = 0.0;  // wanted share of the tissue area that is tumour, 0..1; 0 plants none
  int pen_strokes = 0;        // felt-tip strokes over glass and tissue: blue, green, black, red in turn
  int coarse_dust = 0;        // dark specks of some 0.1 mm, beside the fine dust that every slide has
};

/// A planted region: closed ring of level-0 points (first == last), simple polygon.
struct PlantedRegion {
  std::string name;  // "tissue", "tumour", "pen", "dust"
  std::vector<Level0Point> ring;
};

struct Specimen {
  std::vector<PlantedRegion> regions;
  double tissue_mm2 = 0;  // areas of the rings; fat, clefts and lumens count as tissue, and so does what pen and dust hide
  double tumour_mm2 = 0;
};

/// Draws a slide (glass, dust, pen where wanted, tissue pieces with stroma fibres, fat, glands, vessels and nuclei; tumour regions with
/// crowded, large, dark, irregular nuclei) and saves it to `path`, whatever its extension, as a tiled JPEG pyramid (256-pixel tiles, levels
/// by 2 down to no less than one tile) that OpenSlide opens as an Aperio slide with `mpp`. The description says that it is synthetic. Each
/// tumour region lies inside one tissue piece; together they have the wanted share within a fifth of it for shares up to 0.6, beyond that
/// as much as fits. Cost: one core, some 0.1 s a megapixel at 0.5 microns; one to two bytes of memory a level-0 pixel. Throws SlideError:
/// bad_specimen (settings out of range), cannot_write (a part of the file may then be left behind).
Specimen make_specimen(const std::filesystem::path& path, const SpecimenSettings& settings);

/// The regions as GeoJSON (FeatureCollection, level-0 pixels, QuPath's dialect: annotation with name and classification).
std::string specimen_truth_geojson(const Specimen& specimen);

}  // namespace microtome
