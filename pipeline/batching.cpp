// SPDX-License-Identifier: Apache-2.0
#include "pipeline/batching.h"

#include <algorithm>

namespace microtome {

std::int64_t bag_bytes_of(const SlideJob& slide, std::int64_t row_bytes) {
  return static_cast<std::int64_t>(slide.planned) * row_bytes;
}

std::vector<Ref<BatchJob>> Packer::add(const Ref<SlideJob>& slide) {
  std::vector<Ref<BatchJob>> out;
  const std::int64_t bytes = bag_bytes_of(*slide, limits_.row_bytes);
  const bool fits = limits_.bag_bytes == 0 || spanned_bytes_ + bytes <= limits_.bag_bytes;
  if ((slide->pending > 0 || slide->awaits_bag()) && !fits) flush(out);
  if (slide->awaits_bag()) send_finished(slide, out);
  bool counted = false;
  for (const std::uint32_t t : slide->order) {
    if (slide->state[t] != TileState::pending) continue;
    if (!open_) {
      open_ = std::make_shared<BatchJob>();
      counted = false;
    }
    if (!counted) {
      ++spanned_;
      spanned_bytes_ += bytes;
    }
    counted = true;
    open_->tiles.push_back({slide, t});
    if (open_->tiles.size() == limits_.batch) flush(out);
  }
  if (spanned_ >= limits_.slides || slide->last) flush(out);
  return out;
}

void Packer::send_finished(const Ref<SlideJob>& slide, std::vector<Ref<BatchJob>>& out) {
  out.push_back(std::make_shared<BatchJob>());
  out.back()->finished = slide;
  out.back()->index = next_index_++;
}

void Packer::flush(std::vector<Ref<BatchJob>>& out) {
  if (open_) {
    open_->index = next_index_++;  // batches go in the order in which they are sent
    out.push_back(std::move(open_));
  }
  open_.reset();
  spanned_ = 0;
  spanned_bytes_ = 0;
}

std::vector<Ref<BatchJob>> BagRoom::let_through(const Ref<BatchJob>& batch) {
  if (batch) waiting_.push_back(batch);
  std::erase_if(begun_, [](const Ref<SlideJob>& slide) { return slide->published.load(); });
  std::vector<Ref<BatchJob>> out;
  while (!waiting_.empty() && admit(*waiting_.front())) {
    out.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return out;
}

bool BagRoom::admit(const BatchJob& batch) {
  std::vector<Ref<SlideJob>> held = begun_;
  if (batch.finished) held.push_back(batch.finished);
  bool others = false;  // a bag that this batch does not fill: it will be published without it
  for (const auto& slide : begun_)
    others = others || std::none_of(batch.tiles.begin(), batch.tiles.end(), [&](const TileRef& tile) { return tile.slide == slide; });
  for (const auto& tile : batch.tiles)
    if (std::find(held.begin(), held.end(), tile.slide) == held.end()) held.push_back(tile.slide);
  std::int64_t bytes = 0;
  for (const auto& slide : held) bytes += bag_bytes_of(*slide, row_bytes_);
  if (bag_bytes_ != 0 && held.size() > begun_.size() && bytes > bag_bytes_ && others) return false;
  begun_ = std::move(held);
  return true;
}

std::vector<Ref<SlideJob>> gather_rows(const BatchJob& batch) {
  std::vector<Ref<SlideJob>> whole;
  if (batch.abandoned) return whole;
  if (batch.finished) whole.push_back(batch.finished);
  for (std::size_t i = 0; i < batch.tiles.size(); ++i) {
    const auto& [slide, tile] = batch.tiles[i];
    // only now: surveyed slides that still wait for their first tile hold no bag
    if (slide->rows.empty()) slide->rows.resize(batch.rows.size());
    for (std::size_t e = 0; e < batch.rows.size(); ++e) {
      const std::size_t dim = batch.rows[e].size() / batch.slots;
      if (slide->rows[e].empty()) slide->rows[e].assign(slide->state.size() * dim, 0);
      if (batch.readable[i]) std::copy_n(batch.rows[e].begin() + i * dim, dim, slide->rows[e].begin() + tile * dim);
    }
    if (batch.readable[i]) slide->focus[tile] = batch.focus[i];
    slide->state[tile] = batch.readable[i] ? TileState::encoded : TileState::unreadable;
    if (--slide->pending == 0) whole.push_back(slide);
  }
  return whole;
}

}  // namespace microtome
