// SPDX-License-Identifier: Apache-2.0
// Text is put together by hand where there is a lot of it (tiles); strings go through the JSON library once, before the loop.
#include "reporting/feature_writer.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "reporting/number_text.h"
#include "reporting/uuid.h"

namespace microtome {
namespace {

using Json = nlohmann::ordered_json;

std::array<Level0Point, 5> square(const RegionRequest& request, std::size_t tile) {
  const std::int64_t left = request.coords[2 * tile], top = request.coords[2 * tile + 1];
  const std::int64_t right = std::llround(static_cast<double>(left) + request.side_level0);
  const std::int64_t bottom = std::llround(static_cast<double>(top) + request.side_level0);
  return {{{left, top}, {right, top}, {right, bottom}, {left, bottom}, {left, top}}};
}

}  // namespace

std::string json_literal(const std::string& text) { return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string model_literal(const std::string& name, const std::string& sha256) {
  return R"({"name":)" + json_literal(name) + R"(,"sha256":)" + (sha256.empty() ? "null" : json_literal(sha256)) + '}';
}

std::vector<std::string> measurement_keys(const std::vector<std::string>& names) {
  std::vector<std::string> out;
  out.reserve(names.size());
  for (const std::string& name : names) out.push_back(json_literal(name) + ':');
  return out;
}

const char* origin_name(const Level0Point& origin) { return origin != Level0Point{} ? "bounds" : "level0"; }

FeatureWriter::FeatureWriter(const Level0Point& origin, const Members& members, std::size_t expected_bytes) : origin_(origin) {
  text_.reserve(expected_bytes);
  text_ = R"({"type":"FeatureCollection",)";
  for (const auto& [name, json] : members) text_ += json_literal(name) + ':' + json + ',';
  text_ += R"("features":[)";
}

void FeatureWriter::open(const std::string& name) {
  if (text_.back() != '[') text_ += ',';
  text_ += R"({"type":"Feature","id":")";
  text_ += uuid_v5(name);
  text_ += R"(","geometry":{"type":"Polygon","coordinates":[)";
}

void FeatureWriter::ring(std::span<const Level0Point> points) {
  char before = '[';
  for (const Level0Point& point : points) {
    text_ += before;
    text_ += '[';
    append_number(text_, point.x_level0 - origin_.x_level0);
    text_ += ',';
    append_number(text_, point.y_level0 - origin_.y_level0);
    text_ += ']';
    before = ',';
  }
  text_ += ']';
}

void FeatureWriter::polygon(const std::string& name, std::span<const Ring> rings, std::string_view properties) {
  open(name);
  for (std::size_t i = 0; i < rings.size(); ++i) {
    if (i > 0) text_ += ',';
    ring(rings[i]);
  }
  text_ += R"(]},"properties":)";
  text_ += properties;
  text_ += '}';
}

void FeatureWriter::tile(const std::string& name, const RegionRequest& request, std::size_t i, std::span<const std::string> keys,
                         std::span<const float> values) {
  open(name);
  ring(square(request, i));
  text_ += R"(]},"properties":{"objectType":"tile","isLocked":true,"measurements":{)";
  for (std::size_t k = 0; k < keys.size(); ++k) {
    if (!std::isfinite(values[k])) continue;
    if (text_.back() != '{') text_ += ',';
    text_ += keys[k];
    append_number(text_, values[k]);
  }
  text_ += "}}}";
}

std::string FeatureWriter::finish() {
  text_ += "]}\n";
  return std::move(text_);
}

}  // namespace microtome
