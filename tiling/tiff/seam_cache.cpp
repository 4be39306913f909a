// SPDX-License-Identifier: Apache-2.0
// Sets of up to eight slots, each ruled by one atomic word: the tile's number plus one, whether it is being filled, how many hold it.
#include "tiling/tiff/seam_cache.h"

#include <algorithm>

namespace microtome {
namespace {

constexpr std::int64_t kMostWays = 8;
constexpr std::uint64_t kHolders = 0xffff;  // the low bits
constexpr std::uint64_t kFilling = 0x10000;
constexpr int kTileShift = 17;

std::uint64_t word_of(std::uint64_t tile) { return (tile + 1) << kTileShift; }
bool is_of(std::uint64_t word, std::uint64_t tile) { return word >> kTileShift == tile + 1; }
bool is_free(std::uint64_t word) { return (word & (kHolders | kFilling)) == 0; }

// splitmix64's finisher: neighbouring tiles go to unrelated sets
std::uint64_t mix(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31);
}

}  // namespace

struct SeamCache::Slot {
  std::atomic<std::uint64_t> word{0};
  std::atomic<std::uint64_t> last_use{0};
};

SeamCache::SeamCache(std::int64_t tile_bytes, std::int64_t most_bytes)
    : tile_bytes_(tile_bytes),
      ways_(static_cast<std::uint64_t>(std::min(kMostWays, most_bytes / tile_bytes))),
      sets_(static_cast<std::uint64_t>(std::max<std::int64_t>(1, most_bytes / tile_bytes / kMostWays))),
      slots_(std::make_unique<Slot[]>(sets_ * ways_)),
      pixels_(new std::uint8_t[sets_ * ways_ * static_cast<std::uint64_t>(tile_bytes)]) {}

SeamCache::~SeamCache() = default;

SeamCache::Pin::~Pin() {
  if (!slot_) return;
  const std::uint64_t word = slot_->word.load(std::memory_order_relaxed);
  if (word & kFilling) {
    slot_->word.store(0, std::memory_order_release);
  } else {
    slot_->word.fetch_sub(1, std::memory_order_release);
  }
}

std::uint8_t* SeamCache::pixels_of(const Slot& slot) const { return pixels_.get() + (&slot - slots_.get()) * tile_bytes_; }

SeamCache::Slot* SeamCache::begin_of_set(std::uint64_t tile) const { return slots_.get() + mix(tile + 1) % sets_ * ways_; }

SeamCache::Pin SeamCache::find(std::uint64_t tile) {
  Slot* const begin = begin_of_set(tile);
  for (Slot* slot = begin; slot != begin + ways_; ++slot) {
    std::uint64_t word = slot->word.load(std::memory_order_relaxed);
    while (is_of(word, tile) && !(word & kFilling)) {
      if (!slot->word.compare_exchange_weak(word, word + 1, std::memory_order_acquire, std::memory_order_relaxed)) continue;
      slot->last_use.store(clock_.fetch_add(1, std::memory_order_relaxed), std::memory_order_relaxed);
      return {slot, pixels_of(*slot)};
    }
  }
  return {};
}

bool SeamCache::is_coming(std::uint64_t tile) const {
  const Slot* const begin = begin_of_set(tile);
  return std::any_of(begin, begin + ways_, [=](const Slot& slot) {
    const std::uint64_t word = slot.word.load(std::memory_order_relaxed);
    return is_of(word, tile) && (word & kFilling);
  });
}

SeamCache::Pin SeamCache::reserve(std::uint64_t tile) {
  Slot* const begin = begin_of_set(tile);
  Slot* oldest = nullptr;
  std::uint64_t seen = 0;
  for (Slot* slot = begin; slot != begin + ways_; ++slot) {
    const std::uint64_t word = slot->word.load(std::memory_order_relaxed);
    if (!is_free(word)) continue;
    if (oldest && word != 0 && slot->last_use.load(std::memory_order_relaxed) >= oldest->last_use.load(std::memory_order_relaxed)) continue;
    oldest = slot;
    seen = word;
    if (word == 0) break;
  }
  // acquire: whoever read the old tile has let go of it before we write
  if (!oldest ||
      !oldest->word.compare_exchange_strong(seen, word_of(tile) | kFilling, std::memory_order_acquire, std::memory_order_relaxed)) {
    return {};
  }
  oldest->last_use.store(clock_.fetch_add(1, std::memory_order_relaxed), std::memory_order_relaxed);
  return {oldest, pixels_of(*oldest)};
}

void SeamCache::publish(const Pin& pin) {
  const std::uint64_t word = pin.slot_->word.load(std::memory_order_relaxed);
  pin.slot_->word.store((word & ~kFilling) + 1, std::memory_order_release);
}

}  // namespace microtome
