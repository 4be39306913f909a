// SPDX-License-Identifier: Apache-2.0
// Outlines drawn onto the mask's frame. Each edge of a polygon flips one pixel per row, the first whose centre lies beyond it; the running
// parity along the row is then inside or outside (even-odd). So memory does not grow with the number of edges.
// No text of the file is repeated in a refusal: annotations are named by people.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "tiling/given_mask.h"

namespace microtome {
namespace {

using Json = nlohmann::json;

constexpr double kFarthest = 1e12;  // level-0 pixels; beyond that a number is a mistake and arithmetic on it no use

struct Point {
  double x = 0, y = 0;
};
using Outline = std::vector<Point>;

enum class Meaning { tissue, taken_away, nothing };

std::vector<double> centres(const std::vector<double>& edges) {
  std::vector<double> result;
  for (std::size_t i = 0; i + 1 < edges.size(); ++i) result.push_back((edges[i] + edges[i + 1]) / 2);
  return result;
}

// Number of centres before `position`.
std::size_t count_before(const std::vector<double>& centres, double position) {
  return static_cast<std::size_t>(std::lower_bound(centres.begin(), centres.end(), position) - centres.begin());
}

class Drawing {
 public:
  explicit Drawing(const MaskFrame& frame)
      : width_(static_cast<std::size_t>(frame.size.width)),
        x_(centres(frame.x_edges)),
        y_(centres(frame.y_edges)),
        flips_(width_ * static_cast<std::size_t>(frame.size.height), 0) {}

  // One polygon, its holes among the rings.
  void add(const std::vector<Outline>& rings, MaskPixels& target) {
    first_row_ = y_.size();
    first_column_ = width_;
    last_row_ = last_column_ = 0;
    for (const Outline& ring : rings) {
      for (std::size_t i = 0; i < ring.size(); ++i) add_edge(ring[i], ring[(i + 1) % ring.size()]);
    }
    for (std::size_t row = first_row_; row < last_row_; ++row) {
      std::uint8_t inside = 0;
      for (std::size_t i = row * width_ + first_column_; i < row * width_ + std::min(width_, last_column_ + 1); ++i) {
        inside ^= flips_[i];
        flips_[i] = 0;
        target[i] |= inside;
      }
    }
  }

 private:
  void add_edge(Point a, Point b) {
    if (a.y > b.y) std::swap(a, b);
    const std::size_t from = count_before(y_, a.y), to = count_before(y_, b.y);
    for (std::size_t row = from; row < to; ++row) {
      const std::size_t column = count_before(x_, a.x + (y_[row] - a.y) / (b.y - a.y) * (b.x - a.x));
      if (column < width_) flips_[row * width_ + column] ^= 1;
      first_column_ = std::min(first_column_, column);
      last_column_ = std::max(last_column_, column);
    }
    if (from >= to) return;
    first_row_ = std::min(first_row_, from);
    last_row_ = std::max(last_row_, to);
  }

  std::size_t width_;
  std::vector<double> x_, y_;
  MaskPixels flips_;
  std::size_t first_row_ = 0, last_row_ = 0, first_column_ = 0, last_column_ = 0;  // what the polygon at hand touches
};

[[noreturn]] void refuse_feature(std::size_t number, const std::string& what) {
  refuse_mask(fmt::format("feature {} {}", number, what), "correct it and export it again");
}

const Json* member(const Json& object, const char* name) {
  const auto at = object.is_object() ? object.find(name) : object.end();
  return object.is_object() && at != object.end() && !at->is_null() ? &*at : nullptr;
}

std::string word(const Json& object, const char* name) {
  const Json* value = member(object, name);
  return value != nullptr && value->is_string() ? value->get<std::string>() : "";
}

// QuPath writes a class as text ("Tumor: Positive"), as {name} or, if it is derived from others, as {names}; the last name is its own.
std::string class_name(const Json& feature) {
  const Json* properties = member(feature, "properties");
  const Json* given = properties == nullptr ? nullptr : member(*properties, "classification");
  if (given == nullptr) return "";
  if (given->is_string()) return given->get<std::string>();
  const Json* names = member(*given, "names");
  if (names != nullptr && names->is_array() && !names->empty() && names->back().is_string()) return names->back().get<std::string>();
  return word(*given, "name");
}

Meaning meaning_of(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const bool starred = !name.empty() && name.back() == '*';
  if (starred) name.pop_back();
  if (name == "ignore" || name == "exclude") return Meaning::taken_away;
  return starred ? Meaning::nothing : Meaning::tissue;
}

class Outlines {
 public:
  explicit Outlines(const MaskFrame& frame) : frame_(frame), drawing_(frame) {
    tissue_.assign(static_cast<std::size_t>(frame.size.width * frame.size.height), 0);
    taken_away_ = tissue_;
  }

  void add_document(const Json& document) {
    const std::string type = word(document, "type");
    const Json* features = document.is_array() ? &document : type == "FeatureCollection" ? member(document, "features") : nullptr;
    if (features != nullptr && features->is_array()) {
      for (const Json& feature : *features) add_feature(feature);
    } else if (type == "Feature") {
      add_feature(document);
    } else if (document.is_object() && member(document, "coordinates") != nullptr) {
      number_ = 1;
      add_geometry(document, Meaning::tissue);
    } else {
      refuse_mask("it is JSON, but no FeatureCollection, Feature, array of Features, Polygon or MultiPolygon", "export it as GeoJSON");
    }
  }

  MaskPixels take() {
    if (polygons_ == 0) refuse_mask("it has no polygon that is tissue", "draw one, or leave the manifest's mask column empty");
    if (!on_slide_) refuse_mask("all its polygons lie outside the slide", "check that it belongs to this slide and is in level-0 pixels");
    std::transform(tissue_.begin(), tissue_.end(), taken_away_.begin(), tissue_.begin(), [](int a, int b) { return a & !b; });
    return std::move(tissue_);
  }

 private:
  void add_feature(const Json& feature) {
    ++number_;
    if (word(feature, "type") != "Feature") refuse_feature(number_, "is no GeoJSON Feature");
    const Meaning meaning = meaning_of(class_name(feature));
    const Json* geometry = member(feature, "geometry");
    if (meaning == Meaning::nothing || geometry == nullptr) return;  // GeoJSON allows a feature that lies nowhere
    add_geometry(*geometry, meaning);
  }

  void add_geometry(const Json& geometry, Meaning meaning) {
    constexpr std::array kOthers = {"Point", "MultiPoint", "LineString", "MultiLineString", "GeometryCollection"};
    const std::string type = word(geometry, "type");
    if (std::find(kOthers.begin(), kOthers.end(), type) != kOthers.end()) {
      refuse_mask(fmt::format("feature {} is a {}: only Polygon and MultiPolygon enclose tissue", number_, type),
                  "delete it, or give it a class whose name ends in *");
    }
    const Json* coordinates = member(geometry, "coordinates");
    const bool many = type == "MultiPolygon";
    if ((!many && type != "Polygon") || coordinates == nullptr || !coordinates->is_array()) refuse_feature(number_, "has no Polygon in it");
    if (!many) return add_polygon(*coordinates, meaning);
    for (const Json& polygon : *coordinates) add_polygon(polygon, meaning);
  }

  void add_polygon(const Json& polygon, Meaning meaning) {
    if (!polygon.is_array() || polygon.empty()) refuse_feature(number_, "has a polygon without a ring");
    std::vector<Outline> rings;
    for (const Json& ring : polygon) rings.push_back(outline(ring));
    if (meaning == Meaning::tissue) {
      ++polygons_;
      on_slide_ |= reaches_slide(rings.front());
    }
    drawing_.add(rings, meaning == Meaning::tissue ? tissue_ : taken_away_);
  }

  Outline outline(const Json& ring) const {
    if (!ring.is_array()) refuse_feature(number_, "has a ring that is no list of points");
    Outline points;
    for (const Json& point : ring) points.push_back({coordinate(point, 0) + frame_.x_bounds, coordinate(point, 1) + frame_.y_bounds});
    const bool closed = points.size() > 1 && points.front().x == points.back().x && points.front().y == points.back().y;
    if (closed) points.pop_back();
    if (points.size() < 3) refuse_feature(number_, "has a ring of fewer than 3 points");
    return points;
  }

  double coordinate(const Json& point, std::size_t axis) const {
    const bool number = point.is_array() && point.size() >= 2 && point[axis].is_number();
    const double value = number ? point[axis].get<double>() : NAN;
    if (!(std::abs(value) <= kFarthest)) refuse_feature(number_, "has a point whose coordinates are no finite numbers");
    return value;
  }

  bool reaches_slide(const Outline& ring) const {
    const auto [left, right] = std::minmax_element(ring.begin(), ring.end(), [](Point a, Point b) { return a.x < b.x; });
    const auto [top, bottom] = std::minmax_element(ring.begin(), ring.end(), [](Point a, Point b) { return a.y < b.y; });
    return right->x > 0 && bottom->y > 0 && left->x < static_cast<double>(frame_.slide.width) &&
           top->y < static_cast<double>(frame_.slide.height);
  }

  const MaskFrame& frame_;
  Drawing drawing_;
  MaskPixels tissue_, taken_away_;
  std::size_t number_ = 0;  // of the feature at hand, from 1
  std::size_t polygons_ = 0;
  bool on_slide_ = false;
};

Json parse(const std::string& text) {
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    refuse_mask(fmt::format("it is no JSON from byte {} on", error.byte), "export it again");
  } catch (const Json::out_of_range&) {
    refuse_mask("a number in it is too large to be finite", "export it again");
  }
}

}  // namespace

MaskPixels draw_mask_geojson(const std::string& text, const MaskFrame& frame) {
  Outlines outlines(frame);
  outlines.add_document(parse(text));
  return outlines.take();
}

}  // namespace microtome
