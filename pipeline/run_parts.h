// SPDX-License-Identifier: Apache-2.0
// What every node of a run shares. Built before the graph, constant while it runs.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "mil/aggregators/slide_model.h"
#include "mil/encoders/encoder.h"
#include "pipeline/config.h"
#include "pipeline/inputs/gene_status.h"
#include "pipeline/inputs/modalities.h"
#include "pipeline/manifest.h"
#include "tiling/slide.h"

namespace microtome {

struct RunParts {
  Config config;
  int threads = 1;     // of the whole run
  int window = 1;      // batches between window and gather
  std::string bag_recipe;    // bag_recipe(...)
  std::string model_recipe;  // model_recipe(...)
  std::vector<std::shared_ptr<const Encoder>> encoders;                  // each gets every tile; none: an earlier run's bags are scored
  std::size_t model_encoder = 0;                                         // the one whose bags the model reads
  std::int64_t bag_bytes = 0;                                            // ceiling on the bags in flight; 0: none
  std::shared_ptr<const SlideModel> model;                               // null: features only
  std::shared_ptr<const Modalities> modalities;                          // null: no table was given
  std::vector<StatusRule> status_rules;                                  // of genomics.status; empty: none
  std::function<std::shared_ptr<const Slide>(const ManifestRow&)> open;  // the seam where tests put their slides
  std::vector<std::pair<std::string, std::string>> software;             // name, version

  /// Lanes of the devices that encode; 0: the CPU's threads do.
  int device_lanes() const { return encoders.empty() ? 0 : encoders.front()->facts().lanes; }

  /// Bytes of one tile's rows, of all encoders.
  std::int64_t row_bytes() const {
    std::int64_t numbers = encoders.empty() && model ? model->card().feature_dim : 0;
    for (const auto& encoder : encoders) numbers += encoder->facts().feature_dim;
    return numbers * static_cast<std::int64_t>(sizeof(float));
  }

  std::filesystem::path slide_folder(const std::string& slide_id) const { return config.run.output / "slides" / slide_id; }
};

}  // namespace microtome
