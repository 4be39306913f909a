// SPDX-License-Identifier: Apache-2.0
// QuPath's GeoJSON dialect: tiles carry measurements and no class (QuPath colours them by measurement), regions are locked annotations.
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "reporting/feature_writer.h"
#include "reporting/heatmap.h"
#include "reporting/regions.h"

namespace microtome {
namespace {

using Json = nlohmann::ordered_json;

// Okabe and Ito's colours: told apart by colour-blind eyes. Classes take them in order.
constexpr std::array<std::array<int, 3>, 7> kClassColours = {
    {{213, 94, 0}, {0, 114, 178}, {0, 158, 115}, {204, 121, 167}, {230, 159, 0}, {86, 180, 233}, {240, 228, 66}}};

void add_tiles(FeatureWriter& writer, const RegionRequest& request, const Prediction& prediction) {
  const std::size_t tiles = request.coords.size() / 2, classes = prediction.classes.size();
  const std::vector<float> attention = shown_attention(prediction);
  const std::vector<float> ranks = percentile_ranks(attention);
  std::vector<std::string> names = {"attention", "attention_percentile"};
  for (const std::string& name : prediction.classes) names.push_back("contribution_" + name);
  const std::vector<std::string> keys = measurement_keys(names);
  for (std::size_t i = 0; i < tiles; ++i) {
    std::vector<float> values = {attention[i], 100 * ranks[i]};
    for (std::size_t c = 0; c < classes; ++c) values.push_back(prediction.contribution[i * classes + c]);
    writer.tile(request.slide_id + "\ntile\n" + std::to_string(i), request, i, keys, values);
  }
}

Json region_properties(const Region& region, const RegionRequest& request, const Prediction& prediction) {
  const auto predicted = static_cast<std::size_t>(prediction.predicted);
  Json measurements = Json::object();
  if (std::isfinite(region.score)) measurements["score"] = region.score;
  if (std::isfinite(region.area_mm2)) measurements["area_mm2"] = region.area_mm2;
  return {{"objectType", "annotation"},
          {"name", region.name},
          {"isLocked", true},
          {"classification",
           {{"name", spoken_for(prediction) + " (AI)"}, {"color", kClassColours[predicted % kClassColours.size()]}}},
          {"measurements", std::move(measurements)},
          {"metadata", {{"origin", origin_name(request.bounds_origin)}}}};
}

}  // namespace

std::string spoken_for(const Prediction& prediction) {
  if (prediction.survival) return "higher risk";
  const std::string& name = prediction.classes.at(static_cast<std::size_t>(prediction.predicted));
  return prediction.value ? "higher " + name : name;
}

std::string regions_geojson(const RegionRequest& request, const Prediction& prediction, const std::vector<Region>& regions) {
  FeatureWriter::Members members = {{"model", model_literal(prediction.aggregator.name, prediction.aggregator.sha256)},
                                    {"encoder", model_literal(prediction.encoder.name, prediction.encoder.sha256)}};
  if (prediction.encoder_random_weights)
    members.emplace_back("rehearsal", json_literal("the encoder's weights are random numbers: attention means nothing"));
  FeatureWriter writer(request.bounds_origin, members, 0);
  add_tiles(writer, request, prediction);
  for (const Region& region : regions) {
    const Json properties = region_properties(region, request, prediction);
    writer.polygon(request.slide_id + "\nregion\n" + region.name, region.rings,
                   properties.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
  return writer.finish();
}

}  // namespace microtome
