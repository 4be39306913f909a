// SPDX-License-Identifier: Apache-2.0
// Decoded source tiles that the next batch will want too: source and target grids never align, so batches meet inside source tiles.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace microtome {

/// A bounded set of decoded tiles, all of one size. Any number of threads, no lock and no waiting: where two threads meet on one slot,
/// one of them does without the cache. Memory is taken at the first use and never grows.
class SeamCache {
  struct Slot;

 public:
  SeamCache(std::int64_t tile_bytes, std::int64_t most_bytes);
  ~SeamCache();

  /// Pixels that stay as they are while the pin lives. Empty where the cache has nothing to give.
  class Pin {
   public:
    Pin() = default;
    Pin(Pin&& other) noexcept : slot_(other.slot_), pixels_(other.pixels_) { other.slot_ = nullptr; }
    Pin& operator=(Pin&&) = delete;
    ~Pin();
    explicit operator bool() const { return slot_ != nullptr; }
    std::uint8_t* pixels() const { return pixels_; }

   private:
    friend class SeamCache;
    Pin(Slot* slot, std::uint8_t* pixels) : slot_(slot), pixels_(pixels) {}
    Slot* slot_ = nullptr;
    std::uint8_t* pixels_ = nullptr;
  };

  /// The tile, if it is here and whole.
  Pin find(std::uint64_t tile);

  /// True while another thread decodes the tile into the cache: worth asking again later.
  bool is_coming(std::uint64_t tile) const;

  /// A place to decode the tile into, for the caller alone until publish(); a pin that dies unpublished leaves the slot empty. The place
  /// is taken from the tile that was longest not asked for among a few; empty when all of those are in use.
  Pin reserve(std::uint64_t tile);
  void publish(const Pin& pin);

 private:
  std::uint8_t* pixels_of(const Slot& slot) const;
  Slot* begin_of_set(std::uint64_t tile) const;

  std::int64_t tile_bytes_;
  std::uint64_t ways_;  // 0 where one tile is larger than the cache may be
  std::uint64_t sets_;
  std::unique_ptr<Slot[]> slots_;
  std::unique_ptr<std::uint8_t[]> pixels_;
  std::atomic<std::uint64_t> clock_{0};
};

}  // namespace microtome
