// SPDX-License-Identifier: Apache-2.0
// libtiff over a ByteSource, with its messages caught and its memory bounded.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tiling/tiff/byte_source.h"

struct tiff;

namespace microtome {

/// One open TIFF; for one thread. Stays where it is made: libtiff keeps its address.
class TiffHandle {
 public:
  explicit TiffHandle(const ByteSource& bytes);
  ~TiffHandle();
  TiffHandle(const TiffHandle&) = delete;
  TiffHandle& operator=(const TiffHandle&) = delete;

  /// Null where libtiff does not take the file.
  tiff* get() const { return handle_; }

  const ByteSource& bytes() const { return bytes_; }

  /// Reads as ByteSource does, but small pieces through a few remembered blocks: directories are read in hundreds of them, and slow
  /// storage takes as long for ten bytes as for a block.
  std::int64_t read_at(std::int64_t offset, std::span<std::uint8_t> bytes);

  std::int64_t position = 0;  // of libtiff's reading
  std::string error;          // libtiff's last one, without the module's name

 private:
  struct Block {
    std::int64_t number = -1;
    std::int64_t last_use = 0;
    std::vector<std::uint8_t> bytes;
  };
  const Block& block(std::int64_t number);

  const ByteSource& bytes_;
  std::array<Block, 8> blocks_;
  std::int64_t uses_ = 0;
  tiff* handle_ = nullptr;
};

}  // namespace microtome
