// SPDX-License-Identifier: Apache-2.0
#include "pipeline/outputs/publication.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "pipeline/config.h"

namespace microtome {
namespace fs = std::filesystem;
namespace {

std::string temporary_name(const std::string& name) {
  char host[256] = "host";
  gethostname(host, sizeof host - 1);
  return fmt::format(".{}.tmp.{}.{}", name, host, getpid());
}

[[noreturn]] void refuse(const fs::path& path, const std::string& wanted, int error) {
  throw OutputError(fmt::format("{}: wanted {}: {}", path.string(), wanted, std::strerror(error)));
}

void sync(const fs::path& path) {
  const int handle = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (handle < 0) refuse(path, "to make the file durable", errno);
  const int failed = fsync(handle) != 0 ? errno : 0;
  close(handle);
  // some network and memory file systems have no fsync for folders; the rename itself stays atomic there
  if (failed != 0 && failed != EINVAL && failed != EROFS) refuse(path, "to make the file durable", failed);
}

/// 0, or the errno of the first failure.
int try_write(const fs::path& path, const std::string& text) {
  const int handle = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (handle < 0) return errno;
  int failed = 0;
  for (std::size_t done = 0; done < text.size() && failed == 0;) {
    const ssize_t n = ::write(handle, text.data() + done, text.size() - done);
    if (n < 0 && errno != EINTR) failed = errno;
    if (n > 0) done += static_cast<std::size_t>(n);
  }
  if (close(handle) != 0 && failed == 0) failed = errno;
  return failed;
}

void write_text(const fs::path& path, const std::string& text) {
  if (const int failed = try_write(path, text)) refuse(path, "to write a file", failed);
}

/// A temporary of a process that lives (on another host: that may live) is not ours to remove.
bool abandoned(const std::string& name) {
  const auto dot = name.rfind('.');
  const std::string own = temporary_name("x");
  const std::string host = own.substr(7, own.rfind('.') - 7);
  if (name.find(".tmp." + host + ".") == std::string::npos) return false;
  const int pid = std::atoi(name.c_str() + dot + 1);
  return pid == getpid() || (kill(pid, 0) != 0 && errno == ESRCH);
}

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw OutputError(fmt::format("{}: wanted to make the output folder: {}", folder.string(), error.message()));
}

}  // namespace

Publication::Publication(fs::path folder) : folder_(std::move(folder)) { make_folder(folder_); }

Publication::~Publication() {
  std::error_code ignored;
  for (const auto& [temporary, name] : files_) fs::remove(temporary, ignored);
}

fs::path Publication::beside(const std::string& name) {
  files_.emplace_back(folder_ / temporary_name(name), folder_ / name);
  return files_.back().first;
}

void Publication::write(const std::string& name, const std::string& text) { write_text(beside(name), text); }

void Publication::publish(const std::vector<std::string>& replaced) {
  for (const auto& [temporary, name] : files_) sync(temporary);
  std::error_code error;
  for (const auto& old : replaced) fs::remove(folder_ / old, error);
  for (const auto& [temporary, name] : files_) {
    fs::rename(temporary, name, error);
    if (error) throw OutputError(fmt::format("{}: wanted to publish a file: {}", name.string(), error.message()));
  }
  files_.clear();
  sync(folder_);
}

void publish_file(const fs::path& path, const std::string& text) {
  Publication publication(path.parent_path().empty() ? fs::path(".") : path.parent_path());
  publication.write(path.filename().string(), text);
  publication.publish();
}

void remove_leftovers(const fs::path& folder) {
  std::error_code ignored;
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.front() == '.' && name.find(".tmp.") != std::string::npos && abandoned(name)) found.push_back(entry.path());
  }
  for (const auto& path : found) fs::remove(path, ignored);
}

bool disk_is_full(const fs::path& folder, std::int64_t bytes) {
  const fs::path probe = folder / temporary_name("probe");
  const int failed = try_write(probe, std::string(static_cast<std::size_t>(std::max<std::int64_t>(bytes, 1)), 'x'));
  std::error_code ignored;
  fs::remove(probe, ignored);
  return failed == ENOSPC || failed == EDQUOT || failed == EFBIG || failed == EROFS;
}

void require_writable(const fs::path& folder) {
  make_folder(folder);
  const fs::path probe = folder / temporary_name("probe");
  write_text(probe, "x");
  std::error_code ignored;
  fs::remove(probe, ignored);
}

}  // namespace microtome
