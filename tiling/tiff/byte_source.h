// SPDX-License-Identifier: Apache-2.0
// The bytes of a slide's file, read from any place at any time. The seam where tests put slow or damaged storage.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

namespace microtome {

/// Methods are const and may be called from several threads at once.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual std::int64_t size() const = 0;

  /// Fills `bytes` from `offset` on. Returns how many there were: fewer past the end of the file or where the storage fails.
  virtual std::int64_t read(std::int64_t offset, std::span<std::uint8_t> bytes) const = 0;

  /// A hint that this range is read soon; returns at once.
  virtual void will_need(std::int64_t offset, std::int64_t bytes) const = 0;
};

/// A file, through pread and posix_fadvise. Throws SlideError (cannot_open) without the path.
std::unique_ptr<ByteSource> open_file_bytes(const std::filesystem::path& path);

}  // namespace microtome
