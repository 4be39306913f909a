// SPDX-License-Identifier: Apache-2.0
// Which values of tile and tissue settings are impossible, in sentences.
#include "tiling/tiling_settings.h"

#include <fmt/format.h>

namespace microtome {
namespace {

// written so that NaN is outside every range
void require(std::vector<std::string>& problems, const char* name, double value, double least, double most) {
  if (value >= least && value <= most) return;
  problems.push_back(fmt::format("{} = {}: must be from {} to {}", name, value, least, most));
}

}  // namespace

std::vector<std::string> validate(const TilingSettings& settings) {
  std::vector<std::string> problems;
  require(problems, "tile_px", settings.tile_px, 16, 8192);
  require(problems, "target_mpp", settings.target_mpp, 0.05, 100);
  if (settings.codec_scaling != "exact" && settings.codec_scaling != "near") {
    problems.push_back(fmt::format("codec_scaling = {}: must be exact or near", settings.codec_scaling));
  }
  require(problems, "min_tissue", settings.min_tissue, 0, 1);
  require(problems, "max_unreadable", settings.max_unreadable, 0, 1);
  if (settings.overlap_px < 0 || settings.overlap_px >= settings.tile_px) {
    problems.push_back(
        fmt::format("overlap_px = {}: must be at least 0 and less than tile_px ({})", settings.overlap_px, settings.tile_px));
  }
  return problems;
}

std::vector<std::string> validate(const TissueSettings& settings) {
  std::vector<std::string> problems;
  require(problems, "overview_mpp", settings.overview_mpp, 0.5, 1000);
  require(problems, "min_saturation", settings.min_saturation, 0, 1);
  require(problems, "max_saturation", settings.max_saturation, 0, 1);
  require(problems, "close_um", settings.close_um, 0, 5000);
  require(problems, "min_speck_mm2", settings.min_speck_mm2, 0, 1e4);
  require(problems, "min_hole_mm2", settings.min_hole_mm2, 0, 1e4);
  if (settings.min_saturation > settings.max_saturation) {
    problems.push_back(
        fmt::format("min_saturation = {}: must not exceed max_saturation ({})", settings.min_saturation, settings.max_saturation));
  }
  return problems;
}

}  // namespace microtome
