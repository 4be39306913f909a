// SPDX-License-Identifier: Apache-2.0
// index.html of a run: one row a slide, thumbnail beside heatmap. Offline, relative links only, printable, no script needed, opens from
// file://.
#pragma once

#include <string>
#include <vector>

#include "reporting/findings.h"

namespace microtome {

struct IndexPage {
  std::string title = "Microtome";
  std::string created;  // RFC 3339
  std::string encoder;  // name, and whether its weights are random
  bool random_weights = false;
  std::string model;                   // "" without
  std::vector<FindingsMarker> slides;  // in manifest order
  std::vector<std::string> folders;    // relative link of each slide's folder, same order
};

/// All text is escaped. Failed slides show their sentence where the pictures would be. A legend says what the colours mean
/// ("attention, percentile within the slide": never comparable across slides; "probability of <class>, 0 to 1": comparable). Heatmaps are
/// the artifacts with role "heatmap_preview": "heatmap.png", or heatmap_stem(class) + ".png" where several classes are drawn; the class is
/// their caption. Files with the media type of a TIFF, GeoJSON or CSV are linked. Says "research use only".
std::string index_html(const IndexPage& page);

}  // namespace microtome
