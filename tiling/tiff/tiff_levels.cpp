// SPDX-License-Identifier: Apache-2.0
#include "tiling/tiff/tiff_levels.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "tiling/scale.h"
#include "tiling/tiff/tile_decoder.h"

namespace microtome {
namespace {

constexpr double kSameShape = 0.05;  // a level's width and height may be reduced by factors this far apart

bool is_aperio(const TiffFile& file) { return file.description.starts_with("Aperio"); }

std::string trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1));
}

// "Aperio Image Library v11\n... |AppMag = 20|MPP = 0.4990|..."
std::map<std::string, std::string> aperio_fields(const std::string& description) {
  std::map<std::string, std::string> fields;
  for (std::size_t at = description.find('|'); at != std::string::npos;) {
    const std::size_t end = description.find('|', at + 1);
    const std::string field = description.substr(at + 1, end == std::string::npos ? end : end - at - 1);
    if (const auto equals = field.find('='); equals != std::string::npos)
      fields[trimmed(field.substr(0, equals))] = trimmed(field.substr(equals + 1));
    at = end;
  }
  return fields;
}

std::optional<Scale> scale_of(const TiffFile& file) {
  std::map<std::string, std::string> properties;
  if (is_aperio(file)) {
    for (const auto& [name, value] : aperio_fields(file.description))
      properties[name == "AppMag" ? "openslide.objective-power" : "aperio." + name] = value;
  }
  if (file.x_resolution > 0) properties["tiff.XResolution"] = fmt::format("{}", file.x_resolution);
  if (file.y_resolution > 0) properties["tiff.YResolution"] = fmt::format("{}", file.y_resolution);
  properties["tiff.ResolutionUnit"] = file.resolution_unit;
  return scale_in_file([&](const std::string& name) -> std::optional<std::string> {
    const auto found = properties.find(name);
    if (found == properties.end()) return std::nullopt;
    return found->second;
  });
}

bool has_sparse_tiles(const TiffImage& image) {
  return std::find(image.byte_counts.begin(), image.byte_counts.end(), 0u) != image.byte_counts.end();
}

void add_level(TiffPyramid& pyramid, std::size_t index, int reduction, double offset) {
  const TiffImage& image = pyramid.images[index];
  const std::int64_t step = std::int64_t{1} << reduction;
  const auto reduced = [&](std::int64_t side) { return std::max<std::int64_t>(1, side / step); };
  const Size size{reduced(image.size.width), reduced(image.size.height)}, tile{image.tile.width / step, image.tile.height / step};
  const Size& full = pyramid.images[0].size;
  const double across = static_cast<double>(full.width) / static_cast<double>(image.size.width);
  const double down = static_cast<double>(full.height) / static_cast<double>(image.size.height);
  Level level{size, (across + down) / 2 * static_cast<double>(step), tile, true, reduction, offset};
  level.trusted = std::abs(across / down - 1) <= kSameShape;
  // an empty tile of a lower level of an Aperio file is one that was not made, not one without tissue
  if (pyramid.info.vendor == "aperio" && index > 0 && has_sparse_tiles(image)) level.trusted = false;
  pyramid.info.levels.push_back(level);
  pyramid.levels.push_back({index, reduction, size, tile, image.columns()});
}

// Sample i of a half-resolution wavelet band lies on pixel 2i of the full one, not between 2i and 2i + 1.
double offset_of(const TiffImage& image, int reduction) {
  return image.codec == TileCodec::jpeg2000 ? 0.5 * (1 - std::ldexp(1.0, -reduction)) : 0;
}

}  // namespace

TiffPyramid make_pyramid(TiffFile file, const ByteSource& bytes) {
  TiffPyramid pyramid;
  pyramid.info.vendor = is_aperio(file) ? "aperio" : "generic-tiff";
  for (TiffImage& image : file.images) {
    if (is_aperio(file) || image.reduced || image.index == 0) pyramid.images.push_back(std::move(image));
  }
  std::stable_sort(pyramid.images.begin(), pyramid.images.end(),
                   [](const TiffImage& a, const TiffImage& b) { return a.size.width > b.size.width; });
  for (std::size_t i = 0; i < pyramid.images.size(); ++i) add_level(pyramid, i, 0, 0);
  for (std::size_t i = 0; i < pyramid.images.size(); ++i) {
    const TiffImage& image = pyramid.images[i];
    for (int n = 1; n <= most_reduction(image, bytes); ++n) add_level(pyramid, i, n, offset_of(image, n));
  }
  const Size& size = pyramid.images[0].size;
  pyramid.info.reader = "tiff, " + codec_library(pyramid.images[0].codec);
  pyramid.info.bounds = {0, 0, static_cast<double>(size.width), static_cast<double>(size.height)};
  pyramid.info.scale = scale_of(file);
  return pyramid;
}

}  // namespace microtome
