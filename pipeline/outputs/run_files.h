// SPDX-License-Identifier: Apache-2.0
// The run-level files: derived from the per-slide documents, whole or not at all.
#pragma once

#include <vector>

#include "pipeline/machine/threads.h"
#include "pipeline/run_parts.h"
#include "pipeline/slide_graph.h"
#include "pipeline/stage_clock.h"

namespace microtome {

/// What a run did, for run.json.
struct RunSummary {
  RunCounts counts;
  std::size_t done_before = 0;
  bool stopped = false;
  double graph_seconds = 0;  // from the first slide to the last
};

/// run.json, slides.jsonl, index.html, and join.json where tables were joined. Slides without a document yet (an interrupted run) are left out. Throws OutputError.
void write_run_files(const RunParts& parts, const std::vector<ManifestRow>& rows, const RunSummary& summary, const StageClock& clock);

}  // namespace microtome
