// SPDX-License-Identifier: Apache-2.0
// Slides to batches and back: the two serial nodes. No TBB, no threads: the graph calls each from one thread at a time.
#pragma once

#include <cstddef>
#include <vector>

#include "pipeline/jobs.h"

namespace microtome {

/// Cuts planned tiles into full batches that may span slides, in the order slides are added and their tiles are best read. A partial batch
/// is flushed when it spans as many slides as the run admits (or all of them would wait for it), and after the last slide.
class Packer {
 public:
  Packer(std::size_t batch_size, std::size_t slides_admitted) : batch_size_(batch_size), slides_admitted_(slides_admitted) {}

  /// The batches that this slide's pending tiles complete. A slide without a pending tile adds none (but may be the last).
  std::vector<Ref<BatchJob>> add(const Ref<SlideJob>& slide);

 private:
  void flush(std::vector<Ref<BatchJob>>& out);

  std::size_t batch_size_;
  std::size_t slides_admitted_;
  std::size_t next_index_ = 0;
  std::size_t spanned_ = 0;  // slides with a tile in the open batch
  Ref<BatchJob> open_;
};

/// Hands features back to their slides, by tile index, so batches may return in any order.
/// Returns the slides that are whole now. Abandoned batches leave their tiles pending.
std::vector<Ref<SlideJob>> gather_features(const BatchJob& batch, std::size_t feature_dim);

}  // namespace microtome
