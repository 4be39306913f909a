// SPDX-License-Identifier: Apache-2.0
// The two messages of the graph: a slide's job and a batch. Plain data; a job is touched by one node at a time, but for the tile rows that
// `gather` fills.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mil/bag.h"
#include "mil/prediction.h"
#include "pipeline/manifest.h"
#include "reporting/findings.h"
#include "tiling/slide.h"
#include "tiling/tile_plan.h"
#include "tiling/tissue.h"

namespace microtome {

using Clock = std::chrono::steady_clock;
template <class T>
using Ref = std::shared_ptr<T>;

/// How a slide ended. A failure is a value: set once, carried to publish.
struct SlideOutcome {
  bool failed = false;
  bool partial = false;
  std::vector<Reason> reasons;  // why, and notes

  void fail(std::string code, std::string text) {
    if (!failed) reasons.insert(reasons.begin(), {std::move(code), std::move(text)});
    failed = true;
  }
  void mark_partial(std::string code, std::string text) {
    partial = true;
    reasons.push_back({std::move(code), std::move(text)});
  }
  void note(std::string code, std::string text) { reasons.push_back({std::move(code), std::move(text)}); }
};

/// What the encoders of a run give for the same tiles: row-major numbers, one vector an encoder.
using Rows = std::vector<std::vector<float>>;

/// Where a slide's tiles lie, for what is drawn of them.
struct SlideFrame {
  Size slide;              // level 0
  double mpp = 0;          // level 0
  double side_level0 = 0;  // of a tile
  double step_level0 = 0;  // between neighbours
  Level0Rect overview;     // what the thumbnail covers; its top left is that of the slide's bounds
};

/// What an earlier run left of a slide: enough to score it again without the slide.
struct FinishedBag {
  std::filesystem::path folder;   // the slide's, of that run
  FindingsArtifact features;      // the file there that the model reads
  std::vector<FindingsArtifact> kept;  // files of all encoders, and the thumbnail
  bool damaged = false;                // the file cannot be read
};

enum class TileState : std::uint8_t { pending, encoded, unreadable };

struct SlideJob {
  std::size_t index = 0;  // 0,1,2,... among the slides that this run works on: the sequencer's key
  bool last = false;      // pack flushes after it
  ManifestRow row;
  std::string bag_recipe;  // of everything that changes the features
  std::string recipe;      // ... and what is made of them
  Findings document;       // filled by the nodes as they learn
  SlideFrame frame;

  std::optional<FinishedBag> finished;  // the features are there: no pixel is read

  std::shared_ptr<const Slide> slide;  // let go after the last tile
  SlideInfo info;
  Scale scale;
  Overview overview;
  TilePlan plan;
  std::size_t planned = 0;           // tiles of the plan; stays when the plan is let go
  std::vector<std::uint32_t> order;  // in which planned tiles are packed: reading_order(plan.tiles)

  std::vector<TileState> state;  // per planned tile; written by gather alone
  Rows rows;                     // (planned, feature_dim) of each encoder; empty until the first tile comes back
  std::vector<float> focus;      // (planned)
  std::size_t pending = 0;       // tiles not yet encoded or unreadable

  std::vector<Bag> bags;       // one an encoder, made by conclude; a classifier's rows are probabilities. Of a finished slide: the model's alone
  std::size_t model_bag = 0;   // the one of them that the model reads
  std::optional<Prediction> prediction;
  SlideOutcome outcome;
  std::atomic<bool> published{false};  // and everything above let go
  /// Its bag is still to be read from its file.
  bool awaits_bag() const { return finished && !outcome.failed; }
  Clock::time_point started;  // first sight
  Clock::time_point ready;    // left the previous node
};

struct TileRef {
  Ref<SlideJob> slide;
  std::size_t tile = 0;  // index into slide->plan.tiles
};

struct BatchJob {
  std::size_t index = 0;
  Ref<SlideJob> finished;                                   // instead of tiles: a slide whose bag is read from its file
  std::vector<TileRef> tiles;                               // at most engine.batch, in manifest and reading order
  std::vector<std::shared_ptr<const StoredBytes>> fetched;  // one a run of tiles of one slide, as slides_of cuts them; may be null
  std::vector<std::uint8_t> rgb;                            // batch slots x tile_px x tile_px x 3
  std::vector<std::uint8_t> readable;                       // per tile
  std::vector<float> focus;                                 // per tile
  std::size_t slots = 0;                                    // tiles that the forward pass has room for
  Rows rows;                                                // (batch slots, feature_dim) of each encoder
  bool abandoned = false;                                   // the run was asked to stop before it was read
  Clock::time_point ready;
};

}  // namespace microtome
