// SPDX-License-Identifier: Apache-2.0
// Deflated tiles, with their checksum. libtiff stops where a tile is full and never looks at it; damage would go unnoticed.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace microtome {

/// For one thread.
class Inflater {
 public:
  Inflater();
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  /// Fills `samples` exactly from a zlib stream; bytes after the stream are ignored. Returns what is wrong; empty: nothing.
  std::string inflate(std::span<const std::uint8_t> stored, std::span<std::uint8_t> samples);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace microtome
