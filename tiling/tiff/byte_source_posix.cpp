// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "tiling/slide.h"
#include "tiling/tiff/byte_source.h"

namespace microtome {
namespace {

class FileBytes : public ByteSource {
 public:
  FileBytes(int file, std::int64_t size) : file_(file), size_(size) {}
  ~FileBytes() override { ::close(file_); }
  FileBytes(const FileBytes&) = delete;
  FileBytes& operator=(const FileBytes&) = delete;

  std::int64_t size() const override { return size_; }

  std::int64_t read(std::int64_t offset, std::span<std::uint8_t> bytes) const override {
    std::int64_t done = 0;
    while (done < static_cast<std::int64_t>(bytes.size())) {
      const ssize_t n = ::pread(file_, bytes.data() + done, bytes.size() - static_cast<std::size_t>(done), offset + done);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) break;
      done += n;
    }
    return done;
  }

  void will_need(std::int64_t offset, std::int64_t bytes) const override { ::posix_fadvise(file_, offset, bytes, POSIX_FADV_WILLNEED); }

 private:
  int file_;
  std::int64_t size_;
};

}  // namespace

std::unique_ptr<ByteSource> open_file_bytes(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat facts {};
  if (file < 0 || ::fstat(file, &facts) != 0) {
    const int error = errno;
    if (file >= 0) ::close(file);
    throw SlideError("cannot_open", fmt::format("open the slide: {}: check that the file is there and may be read", std::strerror(error)));
  }
  // tiles are picked here and there: the kernel's own reading ahead would fetch what nobody wants
  ::posix_fadvise(file, 0, 0, POSIX_FADV_RANDOM);
  return std::make_unique<FileBytes>(file, facts.st_size);
}

}  // namespace microtome
