// SPDX-License-Identifier: Apache-2.0
// The table, the columns and the sums.
#include "reporting/tile_classes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "reporting/number_text.h"
#include "reporting/report_error.h"

namespace microtome {
namespace {

std::size_t tiles_of(const TileClasses& classes) {
  return classes.classes.empty() ? 0 : classes.probabilities.size() / classes.classes.size();
}

void check_names(const TileClasses& classes) {
  if (classes.classes.empty())
    throw ReportError(
        fmt::format("tile classes of {}: wanted at least one class: found none: name them in the model's card", classes.model));
  std::set<std::string> seen;
  for (const std::string& name : classes.classes)
    if (name.empty() || !seen.insert(name).second)
      throw ReportError(fmt::format("tile classes of {}: wanted a name of its own for every class: found {}: correct the model's card",
                                    classes.model, name.empty() ? "an empty one" : name + " twice"));
}

// A comma, a quote or a line break in a name would end the field.
std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

// The class a tile counts for; C when it counts for none (one logit below one half).
std::size_t winner(std::span<const float> row) {
  if (row.size() == 1) return row[0] >= 0.5F ? 0 : 1;
  return static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin());
}

}  // namespace

void check_tile_classes(const TileClasses& classes, std::size_t tiles) {
  check_names(classes);
  const std::size_t c = classes.classes.size();
  if (classes.probabilities.size() != tiles * c)
    throw ReportError(fmt::format("tile classes of {}: wanted {} probabilities ({} tiles x {} classes): found {}: classify the slide again",
                                  classes.model, tiles * c, tiles, c, classes.probabilities.size()));
  for (std::size_t i = 0; i < classes.probabilities.size(); ++i) {
    const float p = classes.probabilities[i];
    if (!(p >= 0 && p <= 1))
      throw ReportError(fmt::format(
          "tile classes of {}: wanted probabilities between 0 and 1: found {} for class {} of tile {}: run with precision float32, "
          "and if that does not help, check the model's weights",
          classes.model, p, classes.classes[i % c], i / c));
  }
}

std::string tile_csv(std::span<const std::int64_t> coords, double side_level0, const TileClasses& classes) {
  check_tile_classes(classes, coords.size() / 2);
  std::string out = "minx,miny,width,height";
  for (const std::string& name : classes.classes) out += ',' + csv_field("prob_" + name);
  out += '\n';
  const std::size_t c = classes.classes.size();
  const std::string side = std::to_string(std::llround(side_level0));
  const std::string size = ',' + side + ',' + side;
  out.reserve(out.size() + coords.size() / 2 * (30 + 13 * c));
  for (std::size_t i = 0; i < coords.size() / 2; ++i) {
    append_number(out, coords[2 * i]);
    out += ',';
    append_number(out, coords[2 * i + 1]);
    out += size;
    for (std::size_t k = 0; k < c; ++k) {
      out += ',';
      append_number(out, classes.probabilities[i * c + k]);
    }
    out += '\n';
  }
  return out;
}

std::vector<int> classes_to_draw(const TileClasses& classes) {
  if (classes.classes.size() == 2) return {1};
  std::vector<int> all(classes.classes.size());
  std::iota(all.begin(), all.end(), 0);
  return all;
}

std::string heatmap_stem(const std::string& class_name) {
  std::string out = "heatmap_";
  for (const char c : class_name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::vector<float> scores_of(const TileClasses& classes, int c) {
  const std::size_t tiles = tiles_of(classes), width = classes.classes.size();
  check_tile_classes(classes, tiles);
  std::vector<float> out(tiles);
  for (std::size_t i = 0; i < tiles; ++i) out[i] = classes.probabilities.at(i * width + static_cast<std::size_t>(c));
  return out;
}

std::vector<FindingsTileClass> tile_class_summary(const TileClasses& classes, double step_level0, double mpp) {
  const std::size_t tiles = tiles_of(classes), width = classes.classes.size();
  check_tile_classes(classes, tiles);
  if (tiles == 0) return {};
  std::vector<FindingsTileClass> out;
  for (const std::string& name : classes.classes) out.push_back({classes.model, name, 0, 0, 0, 0});
  for (std::size_t i = 0; i < tiles; ++i) {
    const auto row = std::span(classes.probabilities).subspan(i * width, width);
    for (std::size_t c = 0; c < width; ++c) out[c].mean_probability += row[c];
    if (const std::size_t c = winner(row); c < width) ++out[c].tiles;
  }
  for (FindingsTileClass& row : out) {
    row.share = static_cast<double>(row.tiles) / static_cast<double>(tiles);
    row.area_mm2 = static_cast<double>(row.tiles) * step_level0 * step_level0 * mpp * mpp / 1e6;
    row.mean_probability /= static_cast<double>(tiles);
  }
  return out;
}

}  // namespace microtome
