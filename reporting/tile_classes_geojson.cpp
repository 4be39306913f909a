// SPDX-License-Identifier: Apache-2.0
// Tiles with their class probabilities for QuPath.
#include <nlohmann/json.hpp>

#include "reporting/feature_writer.h"
#include "reporting/tile_classes.h"

namespace microtome {
namespace {

FeatureWriter::Members members(const RegionRequest& request, const TileClasses& classes) {
  FeatureWriter::Members out = {{"model", model_literal(classes.model, classes.sha256)},
                                {"origin", json_literal(origin_name(request.bounds_origin))}};
  if (classes.random_weights)
    out.emplace_back("rehearsal", json_literal("the classifier's weights are random numbers: probabilities mean nothing"));
  return out;
}

// A little more than a tile takes: five points of large coordinates are some 80 characters, a probability seldom more than 13.
std::size_t bytes_of_a_tile(const std::vector<std::string>& keys) {
  std::size_t bytes = 280;
  for (const std::string& key : keys) bytes += key.size() + 14;
  return bytes;
}

}  // namespace

std::string tile_geojson(const RegionRequest& request, const TileClasses& classes) {
  const std::size_t tiles = request.coords.size() / 2, width = classes.classes.size();
  check_tile_classes(classes, tiles);
  std::vector<std::string> names;
  for (const std::string& name : classes.classes) names.push_back("prob_" + name);
  const std::vector<std::string> keys = measurement_keys(names);
  const std::string id = request.slide_id + "\ntile_classes\n" + classes.model + '\n' + classes.sha256 + '\n';
  FeatureWriter writer(request.bounds_origin, members(request, classes), 1024 + tiles * bytes_of_a_tile(keys));
  for (std::size_t i = 0; i < tiles; ++i)
    writer.tile(id + std::to_string(i), request, i, keys, std::span(classes.probabilities).subspan(i * width, width));
  return writer.finish();
}

}  // namespace microtome
