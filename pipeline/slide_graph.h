// SPDX-License-Identifier: Apache-2.0
// The main job: one graph for the whole archive. See the picture on top of slide_graph.cpp.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "pipeline/jobs.h"
#include "pipeline/progress.h"
#include "pipeline/run_parts.h"
#include "pipeline/stage_clock.h"

namespace microtome {

/// The slides between admit and publish; what an early stop leaves here goes to features.part.h5. Thread-safe.
class SlidesInFlight {
 public:
  void enter(const Ref<SlideJob>& slide);
  void leave(const SlideJob& slide);
  std::vector<Ref<SlideJob>> rest() const;  // by index

 private:
  mutable std::mutex mutex_;
  std::map<std::size_t, Ref<SlideJob>> slides_;
};

/// How a run ended.
struct RunCounts {
  std::size_t ok = 0, partial = 0, failed = 0;
  std::size_t tiles = 0;     // encoded
  std::size_t rescored = 0;  // slides among these whose features were there
};

/// Runs every slide that `next_slide` gives (null at the end) through the graph. Returns when all are published or, after a stop signal,
/// when the batches in flight are done and the finished rows of unfinished slides are kept. Throws what ends a run: ModelError,
/// OutputError.
RunCounts run_slide_graph(const RunParts& parts, const std::function<Ref<SlideJob>()>& next_slide, Progress& progress, StageClock& clock);

std::string graph_library_version();

}  // namespace microtome
