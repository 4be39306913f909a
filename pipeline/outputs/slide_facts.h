// SPDX-License-Identifier: Apache-2.0
// What a slide's document says before anything is predicted: filled in the order in which the nodes learn it.
#pragma once

#include "pipeline/jobs.h"
#include "pipeline/run_parts.h"

namespace microtome {

/// A slide that is not opened yet: ids, file, tiling asked for, encoders.
Findings document_of_row(const RunParts& parts, const ManifestRow& row);

/// After its survey, as far as that came: size, scale, tiling done; and the frame of its tiles.
void describe_slide(const RunParts& parts, SlideJob& job);

/// After its last tile: counts and quality, of the first of its bags (the tiles are the same in all).
void count_tiles(SlideJob& job);

}  // namespace microtome
