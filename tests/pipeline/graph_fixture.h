// SPDX-License-Identifier: Apache-2.0
// A whole run on fakes: slides by name, an encoder without a network, the real graph, the real files.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/run_parts.h"
#include "pipeline/slide_graph.h"
#include "tests/support/fake_encoder.h"
#include "tests/support/fake_slide.h"
#include "tests/support/temp_dir.h"

namespace microtome {

/// Called once for every opening of the slide: it may throw SlideError, as open_slide does.
using SlideMaker = std::function<std::unique_ptr<Slide>()>;

struct FakeArchive {
  std::vector<std::string> order;
  std::map<std::string, SlideMaker> makers;
  std::map<std::string, std::filesystem::path> masks;  // given tissue masks
  void add(const std::string& id, SlideMaker maker) {
    order.push_back(id);
    makers[id] = std::move(maker);
  }
};

/// A slide of side x side tiles of 32 pixels, tissue everywhere.
SlideMaker tissue_slide(int side, std::uint64_t seed = 0);

class FakeRun {
 public:
  FakeRun(const FakeArchive& archive, const std::filesystem::path& output, int threads);
  /// As `run --bags`: no slide, no encoder.
  FakeRun(const FakeRun& earlier, std::shared_ptr<const SlideModel> model, const std::filesystem::path& output);

  RunParts parts;
  /// Runs what is not done yet.
  RunCounts run();
  std::string status(const std::string& id) const;
  std::string first_reason(const std::string& id) const;
  /// The text of the slide's findings.json.
  std::string document(const std::string& id) const;
  /// Features and findings of every slide, findings without `created` and `runtime`.
  std::string all_bytes() const;
  /// Of each file in the slide's folder, name and sha256; of findings.json its text, without `created` and `runtime`.
  std::map<std::string, std::string> files(const std::string& id) const;
  /// As `run --model` does.
  void set_model(std::shared_ptr<const SlideModel> model);

  std::vector<ManifestRow> rows;  // what run() works on
};

}  // namespace microtome
