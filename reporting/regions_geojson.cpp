// SPDX-License-Identifier: Apache-2.0
// QuPath's GeoJSON dialect: tiles carry measurements and no class (QuPath colours them by measurement), regions are locked annotations.
#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "reporting/heatmap.h"
#include "reporting/regions.h"
#include "reporting/uuid.h"

namespace microtome {
namespace {

using Json = nlohmann::ordered_json;

// Okabe and Ito's colours: told apart by colour-blind eyes. Classes take them in order.
constexpr std::array<std::array<int, 3>, 7> kClassColours = {
    {{213, 94, 0}, {0, 114, 178}, {0, 158, 115}, {204, 121, 167}, {230, 159, 0}, {86, 180, 233}, {240, 228, 66}}};

// A float's own shortest digits: 0.0132 stays 0.0132 instead of 0.013199999928474426.
double shortest(float value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  double out = 0;
  std::from_chars(text.data(), end, out);
  return out;
}

void measure(Json& measurements, const std::string& name, float value) {
  if (std::isfinite(value)) measurements[name] = shortest(value);
}

Json point_json(const Level0Point& point, const Level0Point& origin) {
  return Json::array({point.x_level0 - origin.x_level0, point.y_level0 - origin.y_level0});
}

Json ring_json(const std::vector<Level0Point>& ring, const Level0Point& origin) {
  Json out = Json::array();
  for (const Level0Point& point : ring) out.push_back(point_json(point, origin));
  return out;
}

Json feature_json(const std::string& id, Json rings, Json properties) {
  return {{"type", "Feature"},
          {"id", uuid_v5(id)},
          {"geometry", {{"type", "Polygon"}, {"coordinates", std::move(rings)}}},
          {"properties", std::move(properties)}};
}

std::vector<Level0Point> square(const RegionRequest& request, std::size_t tile) {
  const std::int64_t left = request.coords[2 * tile], top = request.coords[2 * tile + 1];
  const std::int64_t right = std::llround(static_cast<double>(left) + request.side_level0);
  const std::int64_t bottom = std::llround(static_cast<double>(top) + request.side_level0);
  return {{left, top}, {right, top}, {right, bottom}, {left, bottom}, {left, top}};
}

void add_tiles(Json& features, const RegionRequest& request, const Prediction& prediction) {
  const std::size_t tiles = request.coords.size() / 2, classes = prediction.classes.size();
  std::vector<float> attention(tiles);
  for (std::size_t i = 0; i < tiles; ++i) attention[i] = prediction.attention[i * static_cast<std::size_t>(prediction.heads)];
  const std::vector<float> ranks = percentile_ranks(attention);
  for (std::size_t i = 0; i < tiles; ++i) {
    Json measurements = Json::object();
    measure(measurements, "attention", attention[i]);
    measure(measurements, "attention_percentile", 100 * ranks[i]);
    for (std::size_t c = 0; c < classes; ++c)
      measure(measurements, "contribution_" + prediction.classes[c], prediction.contribution[i * classes + c]);
    Json rings = Json::array({ring_json(square(request, i), request.bounds_origin)});
    features.push_back(feature_json(request.slide_id + "\ntile\n" + std::to_string(i), std::move(rings),
                                    {{"objectType", "tile"}, {"isLocked", true}, {"measurements", std::move(measurements)}}));
  }
}

Json region_properties(const Region& region, const RegionRequest& request, const Prediction& prediction) {
  const auto predicted = static_cast<std::size_t>(prediction.predicted);
  const bool cropped = request.bounds_origin != Level0Point{};
  Json measurements = Json::object();
  if (std::isfinite(region.score)) measurements["score"] = region.score;
  if (std::isfinite(region.area_mm2)) measurements["area_mm2"] = region.area_mm2;
  return {{"objectType", "annotation"},
          {"name", region.name},
          {"isLocked", true},
          {"classification",
           {{"name", prediction.classes.at(predicted) + " (AI)"}, {"color", kClassColours[predicted % kClassColours.size()]}}},
          {"measurements", std::move(measurements)},
          {"metadata", {{"origin", cropped ? "bounds" : "level0"}}}};
}

}  // namespace

std::string regions_geojson(const RegionRequest& request, const Prediction& prediction, const std::vector<Region>& regions) {
  Json features = Json::array();
  add_tiles(features, request, prediction);
  for (const Region& region : regions) {
    Json rings = Json::array();
    for (const auto& ring : region.rings) rings.push_back(ring_json(ring, request.bounds_origin));
    features.push_back(
        feature_json(request.slide_id + "\nregion\n" + region.name, std::move(rings), region_properties(region, request, prediction)));
  }
  Json collection = {{"type", "FeatureCollection"}};
  // a foreign member (RFC 7946 section 6.1): readers pass over it, people find it
  if (prediction.encoder_random_weights) collection["rehearsal"] = "the encoder's weights are random numbers: attention means nothing";
  collection["features"] = std::move(features);
  return collection.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace microtome
