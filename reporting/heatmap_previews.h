// SPDX-License-Identifier: Apache-2.0
// Which pictures of heatmaps a slide has, and what their colours stand for.
#pragma once

#include <string>
#include <vector>

#include "reporting/findings.h"

namespace microtome {

/// One heatmap for a glance.
struct HeatmapPreview {
  std::string path;      // in the slide's folder
  std::string of_class;  // of the tile classifier; "": attention
};

/// In the document's order.
std::vector<HeatmapPreview> heatmap_previews(const FindingsMarker& slide);

}  // namespace microtome
