// SPDX-License-Identifier: Apache-2.0
// What a tile classifier says, in WSInfer's formats (model-outputs-csv and model-outputs-geojson) and as numbers for heatmaps and findings.
// Pure functions; nothing here is ranked within a slide: probabilities stay 0..1 and compare between slides.
// N tiles, C classes. Everything that takes a TileClasses throws what check_tile_classes throws.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "mil/tile_classes.h"
#include "reporting/findings.h"
#include "reporting/regions.h"

namespace microtome {

/// Throws ReportError where a document could not be right: no class, a class name twice, another number of probabilities than
/// `tiles` x C, or a probability that is not a number between 0 and 1 (the sentence names the tile).
void check_tile_classes(const TileClasses& classes, std::size_t tiles);

/// WSInfer's table: minx,miny,width,height,prob_<class>[,...], one row a tile in the bag's order, "\n" line ends, no index column.
/// Level-0 pixels of the whole slide (no bounds are subtracted), integers; width = height = `side_level0` rounded. Probabilities are the
/// shortest text that reads back as the same float. Names with commas, quotes or line breaks are quoted (RFC 4180). The format has no
/// place to say that weights are random: findings.json does. About 20 + 11 C bytes a tile.
std::string tile_csv(std::span<const std::int64_t> coords, double side_level0, const TileClasses& classes);

/// FeatureCollection for QuPath: one locked tile a row with measurements prob_<class>, closed squares, `request.bounds_origin` subtracted.
/// Foreign members: "model" {name, sha256}, "origin" ("level0" or "bounds"), and "rehearsal" with a sentence when weights are random.
/// Ids follow slide id, classifier and tile, and differ from those in regions.geojson: both files load into one project.
/// Written straight into the text: memory is the text, about 250 + (name + 18) C bytes a tile (200,000 tiles of two classes: 62 MB, 1.3 s).
std::string tile_geojson(const RegionRequest& request, const TileClasses& classes);

/// Classes that get a heatmap. One logit: {0}. Two classes: {1}, as WSInfer's binary models name the class of interest last, and the other
/// picture would be its negative. More: all.
std::vector<int> classes_to_draw(const TileClasses& classes);

/// File name of the heatmap of one class among several, without extension: "heatmap_<class>", every byte but letters, digits, '-' and '_'
/// as %XX. Different classes have different names, no name leaves the slide's folder, and the index page finds the class again.
std::string heatmap_stem(const std::string& class_name);

/// Column `c` (N) for draw_heatmap: 0..1 as they are.
std::vector<float> scores_of(const TileClasses& classes, int c);

/// One row a class, in the card's order; empty without tiles. `tiles` counts those whose most probable class it is (a tie goes to the
/// first), for one logit those with p >= 0.5; `share` is of all N tiles.
/// `area_mm2` = tiles x (step_level0 x mpp)^2 / 1e6: a tile stands for its step, not its side. Tiles that overlap are so not counted twice
/// where the whole neighbourhood agrees, the outer rim of an area (half the overlap) is left out, and tiles set apart stand for the gap
/// too.
std::vector<FindingsTileClass> tile_class_summary(const TileClasses& classes, double step_level0, double mpp);

}  // namespace microtome
