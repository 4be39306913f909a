// SPDX-License-Identifier: Apache-2.0
// Documents, rasters and predictions that several tests look at from different sides. Made up, and small.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mil/tile_classes.h"
#include "reporting/findings.h"
#include "reporting/heatmap.h"

namespace microtome {

/// Every field filled; status ok; one task with two classes, genomics present.
Findings sample_findings();

/// A survival model of tiles, RNA and clinical columns: high risk, RNA present, clinical missing; three genes, one without a value; a curated
/// list of three lines, one of each status; a report among the artifacts.
Findings sample_survival_findings();
Findings sample_regression_findings();  // 42.5 of "tmb"
Findings sample_multi_label_findings();  // EGFR and TP53 are a yes, KRAS is not

/// A slide seen by a tile classifier and no slide-level model: no prediction, one row a class, heatmaps as classes_to_draw says:
/// heatmap.tif and heatmap.png, or a pair per class.
Findings sample_tile_findings(const std::vector<std::string>& classes);

/// A slide that could not be opened: nothing known but its id and why.
Findings sample_failed_findings();

/// A document as resume sees it; nullopt: not one of ours.
std::optional<FindingsMarker> read_marker_of(const std::string& json);

/// N tiles, one head, classes "normal" and "tumour", tumour predicted. contribution[i] = {-c, +c}.
Prediction sample_prediction(std::span<const float> attention, std::span<const float> contribution);

/// Classifier "tiler", `probabilities` row by row.
TileClasses sample_tile_classes(const std::vector<std::string>& classes, std::vector<float> probabilities);

/// A raster with painted blocks, holes and half-transparent pixels; the same size gives the same bytes.
RasterRgba sample_raster(Size size);

}  // namespace microtome
