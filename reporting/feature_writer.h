// SPDX-License-Identifier: Apache-2.0
// GeoJSON in QuPath's dialect, written straight into one text: a tree of 200,000 tiles would take gigabytes. Ids are UUIDs (QuPath drops
// others), rings are closed, coordinates are level-0 pixels less `origin`, and no number that JSON cannot hold is ever written.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reporting/regions.h"

namespace microtome {

/// A JSON string literal, quotes included; bytes that are not UTF-8 become U+FFFD.
std::string json_literal(const std::string& text);

/// {"name": ..., "sha256": ...}, null for an unknown one, as JSON text.
std::string model_literal(const std::string& name, const std::string& sha256);

/// `names` as keys of measurements: "\"name\":".
std::vector<std::string> measurement_keys(const std::vector<std::string>& names);

/// Name of the frame that coordinates are in once `origin` is subtracted: "level0" when that changes nothing, otherwise "bounds".
const char* origin_name(const Level0Point& origin);

/// One FeatureCollection. Features appear in the order of the calls.
class FeatureWriter {
 public:
  using Ring = std::vector<Level0Point>;
  using Members = std::vector<std::pair<std::string, std::string>>;

  /// `members` are foreign members of the collection (RFC 7946 section 6.1: readers pass over them, people find them): name, JSON text.
  /// `expected_bytes` spares the text from being copied as it grows; 0 is allowed.
  FeatureWriter(const Level0Point& origin, const Members& members, std::size_t expected_bytes);

  /// A polygon; the first ring is the outer one. `name` is what its UUID is made from; `properties` is JSON text.
  void polygon(const std::string& name, std::span<const Ring> rings, std::string_view properties);

  /// A locked tile: the square of tile `i` of `request`. values[k] is measured under keys[k] with a float's shortest digits, left out
  /// where not finite. No classification: QuPath colours tiles by measurement.
  void tile(const std::string& name, const RegionRequest& request, std::size_t i, std::span<const std::string> keys,
            std::span<const float> values);

  /// The whole text, a line break at its end. The writer is empty afterwards.
  std::string finish();

 private:
  void open(const std::string& name);
  void ring(std::span<const Level0Point> points);

  Level0Point origin_;
  std::string text_;
};

}  // namespace microtome
