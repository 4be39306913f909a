// SPDX-License-Identifier: Apache-2.0
// Tiles and hot regions as GeoJSON for QuPath (reference: QuPath's GeoJSON dialect; tiles are objectType "tile" with measurements, regions
// are locked annotations).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "mil/prediction.h"
#include "tiling/geometry.h"

namespace microtome {

/// A connected group of grid tiles (edge neighbours) and its outline: closed rings of level-0 points, the first is the outer one, then
/// holes.
struct Region {
  std::string name;
  std::vector<std::size_t> tiles;  // indices into the bag
  std::vector<std::vector<Level0Point>> rings;
  double area_mm2 = 0;
  double score = 0;  // sum over the tiles of the predicted class's contribution
};

struct RegionRequest {
  std::span<const std::int64_t> coords;  // (N,2) level-0
  double side_level0 = 0;
  double step_level0 = 0;
  double mpp = 0;             // level 0
  Level0Point bounds_origin;  // QuPath shows the slide cropped to its bounds: subtracted from every coordinate
  std::string slide_id;
};

/// The tiles in the top decile of attention whose contribution to the predicted class is positive, joined into regions, the highest score
/// first, at most `most`. Deterministic.
std::vector<Region> find_regions(const RegionRequest& request, const Prediction& prediction, std::size_t most = 20);

/// FeatureCollection: one locked tile per bag row with attention, attention_percentile and contribution per class, then the regions as
/// annotations with classification {name, color}. Foreign members: "model" and "encoder" {name, sha256}, and "rehearsal" where weights are random. UUIDs are derived from the slide id, so the same input gives the same bytes. No NaN is
/// ever written.
std::string regions_geojson(const RegionRequest& request, const Prediction& prediction, const std::vector<Region>& regions);

/// What tiles with a positive share speak for: the predicted class, the most probable label, "higher risk", or "higher" and the name of the number.
std::string spoken_for(const Prediction& prediction);

}  // namespace microtome
