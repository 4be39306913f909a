// SPDX-License-Identifier: Apache-2.0
// Slides to batches and back: the serial nodes. No TBB, no threads: the graph calls each from one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "pipeline/jobs.h"

namespace microtome {

/// What bounds a batch.
struct PackLimits {
  std::size_t batch = 1;     // tiles
  std::size_t slides = 1;    // as many as the run admits, or all of them would wait for the batch
  std::int64_t row_bytes = 0;  // of a tile's rows
  std::int64_t bag_bytes = 0;  // of the bags of all slides that it spans; 0: no limit
};

/// Cuts planned tiles into full batches that may span slides, in the order slides are added and their tiles are best read. A partial batch
/// is flushed when it spans as many slides as the limits let it, before a slide whose bag would not fit beside the others', and after the last
/// slide. A finished slide is a batch of its own, sent at once.
class Packer {
 public:
  explicit Packer(PackLimits limits) : limits_(limits) {}

  /// The batches that this slide's pending tiles complete. A slide without a pending tile adds none (but may be the last).
  std::vector<Ref<BatchJob>> add(const Ref<SlideJob>& slide);

 private:
  void send_finished(const Ref<SlideJob>& slide, std::vector<Ref<BatchJob>>& out);
  void flush(std::vector<Ref<BatchJob>>& out);

  PackLimits limits_;
  std::size_t next_index_ = 0;
  std::size_t spanned_ = 0;         // slides with a tile in the open batch
  std::int64_t spanned_bytes_ = 0;  // of their bags
  Ref<BatchJob> open_;
};

/// Lets batches through in their order, while the bags that they begin fit into a ceiling together; the others wait until slides are
/// published. A batch never waits for a slide that it has tiles of itself, and one whose bags are alone is let through. No threads.
class BagRoom {
 public:
  BagRoom(std::int64_t row_bytes, std::int64_t bag_bytes) : row_bytes_(row_bytes), bag_bytes_(bag_bytes) {}

  /// `batch`: one more, or null where a slide was published. Returns the batches that may go on now.
  std::vector<Ref<BatchJob>> let_through(const Ref<BatchJob>& batch);

 private:
  bool admit(const BatchJob& batch);

  std::int64_t row_bytes_;
  std::int64_t bag_bytes_;  // 0: no ceiling
  std::deque<Ref<BatchJob>> waiting_;
  std::vector<Ref<SlideJob>> begun_;  // whose bags are held
};

/// Bytes of a slide's bag while it is filled.
std::int64_t bag_bytes_of(const SlideJob& slide, std::int64_t row_bytes);

/// Hands rows back to their slides, by tile index, so batches may return in any order.
/// Returns the slides that are whole now. Abandoned batches leave their tiles pending.
std::vector<Ref<SlideJob>> gather_rows(const BatchJob& batch);

}  // namespace microtome
