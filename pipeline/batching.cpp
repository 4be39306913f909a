// SPDX-License-Identifier: Apache-2.0
#include "pipeline/batching.h"

#include <algorithm>

namespace microtome {

std::vector<Ref<BatchJob>> Packer::add(const Ref<SlideJob>& slide) {
  std::vector<Ref<BatchJob>> out;
  bool counted = false;
  for (const std::uint32_t t : slide->order) {
    if (slide->state[t] != TileState::pending) continue;
    if (!open_) {
      open_ = std::make_shared<BatchJob>();
      open_->index = next_index_++;
      counted = false;
    }
    if (!counted) ++spanned_;
    counted = true;
    open_->tiles.push_back({slide, t});
    if (open_->tiles.size() == batch_size_) flush(out);
  }
  if (spanned_ >= slides_admitted_ || slide->last) flush(out);
  return out;
}

void Packer::flush(std::vector<Ref<BatchJob>>& out) {
  if (open_) out.push_back(std::move(open_));
  open_.reset();
  spanned_ = 0;
}

std::vector<Ref<SlideJob>> gather_features(const BatchJob& batch, std::size_t feature_dim) {
  std::vector<Ref<SlideJob>> whole;
  if (batch.abandoned) return whole;
  for (std::size_t i = 0; i < batch.tiles.size(); ++i) {
    const auto& [slide, tile] = batch.tiles[i];
    // only now: surveyed slides that still wait for their first tile hold no bag
    if (slide->features.empty()) slide->features.assign(slide->state.size() * feature_dim, 0);
    if (batch.readable[i]) {
      std::copy_n(batch.features.begin() + i * feature_dim, feature_dim, slide->features.begin() + tile * feature_dim);
      slide->focus[tile] = batch.focus[i];
    }
    slide->state[tile] = batch.readable[i] ? TileState::encoded : TileState::unreadable;
    if (--slide->pending == 0) whole.push_back(slide);
  }
  return whole;
}

}  // namespace microtome
