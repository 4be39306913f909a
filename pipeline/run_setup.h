// SPDX-License-Identifier: Apache-2.0
// From a configuration to everything a run needs, loaded and checked before the first slide is opened.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "mil/allowed_models.h"
#include "pipeline/jobs.h"
#include "pipeline/run_parts.h"

namespace microtome {

/// The list of model files that may be opened; null where there is none. Throws ModelError.
std::unique_ptr<const AllowedModels> allowed_models(const Config& config);

/// Threads of the run: the configured number or allowed_threads().
int run_threads(const Config& config);

/// Loads encoders, model and genomic table and checks that they fit each other and the tiling. `archive`: all slides where `rows` are a
/// task's share, so that no task is refused for what its share lacks. Throws ModelError, ConfigError.
RunParts prepare_run(const Config& config, const std::vector<ManifestRow>& rows, const std::vector<ManifestRow>& archive = {});

/// The slides still to do, in order, and how many are done. A slide whose file is missing is to do: it will be a failed one.
struct WorkList {
  std::vector<Ref<SlideJob>> jobs;
  std::size_t done_before = 0;
};
WorkList plan_work(const RunParts& parts, const std::vector<ManifestRow>& rows);

/// Name and version of every library behind the program.
std::vector<std::pair<std::string, std::string>> software_versions();

}  // namespace microtome
