// SPDX-License-Identifier: Apache-2.0
// libtiff over a ByteSource, with its messages caught and its memory bounded.
#pragma once

#include <memory>
#include <string>

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
  std::int64_t position = 0;  // of libtiff's reading
  std::string error;          // libtiff's last one, without the module's name

 private:
  const ByteSource& bytes_;
  tiff* handle_ = nullptr;
};

}  // namespace microtome
