// SPDX-License-Identifier: Apache-2.0
// The truth about a synthetic slide in the form that QuPath opens.
#include <nlohmann/json.hpp>

#include "tiling/specimen.h"

namespace microtome {
namespace {

using Json = nlohmann::ordered_json;

Json colour_of(const std::string& name) {
  if (name == "pen") return {40, 80, 200};
  if (name == "dust") return {90, 90, 90};
  return name == "tumour" ? Json{200, 0, 0} : Json{0, 140, 60};
}

// What hides tissue has the class that QuPath and given masks leave out, so that the truth can be given as a mask as it is.
std::string class_of(const std::string& name) { return name == "pen" || name == "dust" ? "Ignore*" : name; }

Json ring_json(const PlantedRegion& region) {
  Json ring = Json::array();
  for (const Level0Point& point : region.ring) ring.push_back({point.x_level0, point.y_level0});
  return ring;
}

Json feature_json(const PlantedRegion& region) {
  return {{"type", "Feature"},
          {"geometry", {{"type", "Polygon"}, {"coordinates", Json::array({ring_json(region)})}}},
          {"properties",
           {{"objectType", "annotation"},
            {"name", region.name},
            {"classification", {{"name", class_of(region.name)}, {"color", colour_of(region.name)}}},
            {"isLocked", true}}}};
}

}  // namespace

std::string specimen_truth_geojson(const Specimen& specimen) {
  Json features = Json::array();
  for (const PlantedRegion& region : specimen.regions) features.push_back(feature_json(region));
  return Json{{"type", "FeatureCollection"}, {"features", features}}.dump() + "\n";
}

}  // namespace microtome
