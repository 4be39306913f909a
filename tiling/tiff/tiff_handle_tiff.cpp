// SPDX-License-Identifier: Apache-2.0
#include <tiffio.h>

#include <algorithm>
#include <cstdio>

#include "tiling/tiff/tiff_handle.h"

namespace microtome {
namespace {

// Offsets and byte counts of four million tiles; nothing else in a directory comes near.
constexpr tmsize_t kMostMemory = 32 << 20;
constexpr std::int64_t kBlockBytes = 64 << 10;

TiffHandle& self(thandle_t data) { return *static_cast<TiffHandle*>(data); }

tmsize_t read(thandle_t data, void* buffer, tmsize_t size) {
  TiffHandle& handle = self(data);
  const auto done = handle.read_at(handle.position, {static_cast<std::uint8_t*>(buffer), static_cast<std::size_t>(size)});
  handle.position += done;
  return done;
}

tmsize_t write(thandle_t, void*, tmsize_t) { return 0; }

toff_t seek(thandle_t data, toff_t offset, int whence) {
  TiffHandle& handle = self(data);
  const std::int64_t base = whence == SEEK_CUR ? handle.position : whence == SEEK_END ? handle.bytes().size() : 0;
  handle.position = std::max<std::int64_t>(0, base + static_cast<std::int64_t>(offset));
  return static_cast<toff_t>(handle.position);
}

int close(thandle_t) { return 0; }
toff_t size(thandle_t data) { return static_cast<toff_t>(self(data).bytes().size()); }

int keep_error(TIFF*, void* data, const char*, const char* format, va_list arguments) {
  char text[300];
  std::vsnprintf(text, sizeof text, format, arguments);
  self(data).error = text;
  return 1;
}

int drop_warning(TIFF*, void*, const char*, const char*, va_list) { return 1; }

}  // namespace

TiffHandle::TiffHandle(const ByteSource& bytes) : bytes_(bytes) {
  TIFFOpenOptions* options = TIFFOpenOptionsAlloc();
  TIFFOpenOptionsSetMaxSingleMemAlloc(options, kMostMemory);
  TIFFOpenOptionsSetErrorHandlerExtR(options, keep_error, this);
  TIFFOpenOptionsSetWarningHandlerExtR(options, drop_warning, this);
  // a name that is nobody's: libtiff puts it into messages
  handle_ = TIFFClientOpenExt("slide", "rm", this, read, write, seek, close, size, nullptr, nullptr, options);
  TIFFOpenOptionsFree(options);
}

std::int64_t TiffHandle::read_at(std::int64_t offset, std::span<std::uint8_t> bytes) {
  if (static_cast<std::int64_t>(bytes.size()) >= kBlockBytes) return bytes_.read(offset, bytes);
  std::size_t done = 0;
  while (done < bytes.size()) {
    const std::int64_t at = offset + static_cast<std::int64_t>(done);
    const Block& from = block(at / kBlockBytes);
    const auto begin = static_cast<std::size_t>(at % kBlockBytes);
    // the end, or storage that fails somewhere in the block: perhaps not where this piece is
    if (begin >= from.bytes.size()) return bytes_.read(offset, bytes);
    const std::size_t count = std::min(bytes.size() - done, from.bytes.size() - begin);
    std::copy_n(from.bytes.begin() + static_cast<std::ptrdiff_t>(begin), count, bytes.begin() + static_cast<std::ptrdiff_t>(done));
    done += count;
  }
  return static_cast<std::int64_t>(done);
}

const TiffHandle::Block& TiffHandle::block(std::int64_t number) {
  const auto found = std::find_if(blocks_.begin(), blocks_.end(), [=](const Block& block) { return block.number == number; });
  const auto oldest =
      std::min_element(blocks_.begin(), blocks_.end(), [](const Block& a, const Block& b) { return a.last_use < b.last_use; });
  Block& block = found != blocks_.end() ? *found : *oldest;
  block.last_use = ++uses_;
  if (block.number == number) return block;
  block.number = number;
  block.bytes.resize(static_cast<std::size_t>(kBlockBytes));
  const std::int64_t got = bytes_.read(number * kBlockBytes, block.bytes);
  block.bytes.resize(static_cast<std::size_t>(std::max<std::int64_t>(0, got)));
  return block;
}

TiffHandle::~TiffHandle() {
  if (handle_) TIFFClose(handle_);
}

}  // namespace microtome
