// SPDX-License-Identifier: Apache-2.0
// Reads back what resume, tables and the index page need of a document on disk.
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "reporting/findings.h"

namespace microtome {
namespace {

using Json = nlohmann::ordered_json;

class NotOurs : public std::runtime_error {
 public:
  NotOurs() : std::runtime_error("not a findings document") {}
};

void require(bool right) {
  if (!right) throw NotOurs();
}

const Json& member(const Json& object, const char* key) {
  require(object.is_object());
  const auto found = object.find(key);
  require(found != object.end());
  return *found;
}

std::string word(const Json& object, const char* key) {
  const Json& value = member(object, key);
  require(value.is_string() || value.is_null());
  return value.is_null() ? std::string() : value.get<std::string>();
}

std::int64_t whole(const Json& object, const char* key) {
  const Json& value = member(object, key);
  require(value.is_number_integer());
  return value.get<std::int64_t>();
}

double real(const Json& value) {
  require(value.is_number() || value.is_null());
  return value.is_null() ? 0 : value.get<double>();
}

const Json& list(const Json& object, const char* key) {
  const Json& value = member(object, key);
  require(value.is_array());
  return value;
}

void read_result(const Json& result, FindingsMarker& marker) {
  marker.label = word(result, "label");
  const Json& probabilities = member(result, "probabilities");
  require(probabilities.is_object());
  for (const auto& [name, value] : probabilities.items()) {
    marker.probabilities.emplace_back(name, real(value));
    if (name == marker.label) marker.probability = real(value);
  }
  marker.effective_tiles = real(member(member(result, "attention"), "effective_tiles"));
}

std::vector<FindingsTileClass> read_tile_classes(const Json& document) {
  std::vector<FindingsTileClass> out;
  if (!document.contains("tile_classes")) return out;  // written before there were tile classifiers
  for (const Json& row : list(document, "tile_classes"))
    out.push_back({word(row, "model"), word(row, "name"), whole(row, "tiles"), real(member(row, "share")), real(member(row, "area_mm2")),
                   real(member(row, "mean_probability"))});
  return out;
}

FindingsMarker read_document(const Json& document) {
  require(document.is_object());
  const Json& version = member(document, "schema_version");
  require(version.is_number_integer() && version == 1);
  FindingsMarker marker;
  marker.status = word(document, "status");
  marker.recipe = word(document, "recipe");
  const Json& slide = member(document, "slide");
  marker.slide_id = word(slide, "id");
  require(!marker.slide_id.empty() && !marker.status.empty());
  marker.identity = word(slide, "identity");
  marker.slide_bytes = whole(slide, "bytes");
  marker.slide_mtime_ns = whole(member(document, "runtime"), "slide_mtime_ns");
  const Json& tissue = member(document, "tissue");
  marker.tissue_mm2 = real(member(tissue, "area_mm2"));
  marker.tiles_used = whole(tissue, "tiles_used");
  for (const Json& reason : list(document, "reasons")) marker.reasons.push_back({word(reason, "code"), word(reason, "text")});
  for (const Json& artifact : list(document, "artifacts"))
    marker.artifacts.push_back(
        {word(artifact, "role"), word(artifact, "path"), word(artifact, "media_type"), word(artifact, "sha256"), whole(artifact, "bytes")});
  for (const Json& model : list(document, "models")) marker.random_weights |= member(model, "random_weights") == true;
  const Json& results = list(document, "results");
  if (!results.empty()) read_result(results[0], marker);
  marker.tile_classes = read_tile_classes(document);
  return marker;
}

}  // namespace

std::optional<FindingsMarker> read_findings_marker(const std::string& json) {
  try {
    return read_document(Json::parse(json));
  } catch (const NotOurs&) {
    return std::nullopt;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

std::string slides_jsonl_line(const FindingsMarker& marker) {
  Json line = {{"slide_id", marker.slide_id}, {"status", marker.status}};
  line["reason_code"] = marker.reasons.empty() ? Json(nullptr) : Json(marker.reasons.front().code);
  line["reason"] = marker.reasons.empty() ? Json(nullptr) : Json(marker.reasons.front().text);
  line["tissue_mm2"] = marker.tissue_mm2;
  line["tiles_used"] = marker.tiles_used;
  line["label"] = marker.label.empty() ? Json(nullptr) : Json(marker.label);
  line["probability"] = marker.label.empty() ? Json(nullptr) : Json(marker.probability);
  line["effective_tiles"] = marker.probabilities.empty() ? Json(nullptr) : Json(marker.effective_tiles);
  for (const auto& [name, value] : marker.probabilities) line["prob_" + name] = value;
  line["tile_shares"] = Json::object();
  for (const FindingsTileClass& row : marker.tile_classes) line["tile_shares"][row.model + "/" + row.name] = row.share;
  line["random_weights"] = marker.random_weights;
  line["recipe"] = marker.recipe;
  return line.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace microtome
