// SPDX-License-Identifier: Apache-2.0
// A concluded slide -> its files. findings.json is written last: its presence means that the slide is done.
#pragma once

#include "pipeline/jobs.h"
#include "pipeline/run_parts.h"

namespace microtome {

/// features.h5, thumbnail.jpg and, with a model, prediction.h5, heatmap.tif, heatmap.png, regions.geojson and report.html; then findings.json. Files of an
/// older state that are not part of this one are removed. Throws OutputError, ReportError, BagError; nothing half-written stays visible.
void write_slide(const RunParts& parts, const SlideJob& job);

/// findings.json with status "failed" alone. Throws OutputError.
void write_failure(const RunParts& parts, const SlideJob& job);

/// "ok", "partial" or "failed".
const char* slide_status(const SlideJob& job);

/// Now, as RFC 3339 UTC to the second.
std::string timestamp_now();

}  // namespace microtome
