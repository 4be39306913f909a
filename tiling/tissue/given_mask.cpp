// SPDX-License-Identifier: Apache-2.0
// Opens a given mask, tells its kind and gives the result its frame.
#include "tiling/given_mask.h"

#include <algorithm>
#include <cmath>
#include <fstream>

namespace microtome {
namespace fs = std::filesystem;
namespace {

constexpr std::uintmax_t kMostText = std::uintmax_t{256} << 20;
constexpr std::string_view kPngSignature("\x89PNG\r\n\x1a\n", 8);

std::vector<double> edges(double start, double end, double step, std::int64_t count) {
  std::vector<double> result(static_cast<std::size_t>(count) + 1);
  for (std::int64_t i = 0; i <= count; ++i) result[i] = std::min(end, start + static_cast<double>(i) * step);
  return result;
}

std::string read_start(const fs::path& file, std::size_t bytes) {
  std::ifstream in(file, std::ios::binary);
  std::string text(bytes, '\0');
  in.read(text.data(), static_cast<std::streamsize>(bytes));
  if (in.bad() || (!in && !in.eof())) refuse_mask("the file cannot be read", "check its permissions");
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

bool looks_like_json(const std::string& start) {
  const std::size_t from = start.rfind("\xEF\xBB\xBF", 0) == 0 ? 3 : 0;
  const std::size_t first = start.find_first_not_of(" \t\r\n", from);
  return first != std::string::npos && (start[first] == '{' || start[first] == '[');
}

MaskPixels draw(const fs::path& file, const MaskFrame& frame) {
  std::error_code error;
  if (!fs::is_regular_file(file, error)) refuse_mask("there is no such file", "check the manifest's mask column");
  const std::string start = read_start(file, 512);
  if (start.rfind(kPngSignature, 0) == 0) return draw_mask_png(file, frame);
  if (!looks_like_json(start)) refuse_mask("it is neither a PNG nor GeoJSON", "export it as one of them");
  const std::uintmax_t bytes = fs::file_size(file, error);
  if (error || bytes > kMostText) refuse_mask("the GeoJSON has more than 256 MiB", "export fewer or simpler outlines, or a PNG");
  return draw_mask_geojson(read_start(file, bytes), frame);
}

}  // namespace

void refuse_mask(const std::string& what, const std::string& to_do) {
  throw SlideError("mask", "wanted the given tissue mask: " + what + ": " + to_do);
}

MaskFrame::MaskFrame(const SlideInfo& info, const Overview& overview)
    : size(overview.size),
      x_edges(edges(overview.x_level0, info.bounds.x_level0 + info.bounds.width_level0, overview.downsample, size.width)),
      y_edges(edges(overview.y_level0, info.bounds.y_level0 + info.bounds.height_level0, overview.downsample, size.height)),
      slide(info.levels.front().size),
      x_bounds(std::floor(info.bounds.x_level0)),
      y_bounds(std::floor(info.bounds.y_level0)) {}

TissueMask read_given_mask(const fs::path& file, const SlideInfo& info, const Overview& overview) {
  TissueMask mask{overview.size, overview.downsample, overview.mpp, overview.x_level0, overview.y_level0, {}, 0};
  mask.inside = draw(file, MaskFrame(info, overview));
  mask.area_mm2 = static_cast<double>(std::count(mask.inside.begin(), mask.inside.end(), 1)) * overview.mpp * overview.mpp * 1e-6;
  return mask;
}

}  // namespace microtome
