// SPDX-License-Identifier: Apache-2.0
#include "reporting/heatmap_previews.h"

#include "reporting/tile_classes.h"

namespace microtome {
namespace {

// The class of a picture. A picture without a class in its name is the only one: of the one class, or of the second of two
// (classes_to_draw).
std::string class_of(const FindingsMarker& slide, const std::string& path) {
  for (const FindingsTileClass& row : slide.tile_classes)
    if (path == heatmap_stem(row.name) + ".png") return row.name;
  return !slide.predicted() && !slide.tile_classes.empty() ? slide.tile_classes.back().name : "";
}

}  // namespace

std::vector<HeatmapPreview> heatmap_previews(const FindingsMarker& slide) {
  std::vector<HeatmapPreview> out;
  for (const FindingsArtifact& artifact : slide.artifacts)
    if (artifact.role == "heatmap_preview") out.push_back({artifact.path, class_of(slide, artifact.path)});
  return out;
}

}  // namespace microtome
