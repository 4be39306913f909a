// SPDX-License-Identifier: Apache-2.0
#include <tiffio.h>

#include <algorithm>
#include <cstdio>

#include "tiling/tiff/tiff_handle.h"

namespace microtome {
namespace {

// Offsets and byte counts of four million tiles; nothing else in a directory comes near.
constexpr tmsize_t kMostMemory = 32 << 20;

TiffHandle& self(thandle_t data) { return *static_cast<TiffHandle*>(data); }

tmsize_t read(thandle_t data, void* buffer, tmsize_t size) {
  TiffHandle& handle = self(data);
  const auto done = handle.bytes().read(handle.position, {static_cast<std::uint8_t*>(buffer), static_cast<std::size_t>(size)});
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

TiffHandle::~TiffHandle() {
  if (handle_) TIFFClose(handle_);
}

}  // namespace microtome
