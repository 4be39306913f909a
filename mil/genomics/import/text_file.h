// SPDX-License-Identifier: Apache-2.0
// A text file in memory: plain, gzipped, or the only text of a ZIP archive. Internal to mil/genomics.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace microtome {

/// Cost: the whole text in memory.
class TextFile {
 public:
  /// Told apart by the first bytes, not by the name. Throws ModelError: cannot be read, damaged, an archive of several files (named),
  /// larger than 16 GiB, UTF-16.
  static TextFile read(const std::filesystem::path& path);
  /// Without a byte order mark.
  std::string_view text() const { return std::string_view(bytes_).substr(begin_); }

 private:
  explicit TextFile(std::string bytes) : bytes_(std::move(bytes)) {}
  std::string bytes_;
  std::size_t begin_ = 0;
};

/// The only text in an archive. Throws ModelError.
std::string text_of_zip(const std::filesystem::path& path);
/// All members of a gzip file. Throws ModelError.
std::string text_of_gzip(const std::filesystem::path& path);

}  // namespace microtome
