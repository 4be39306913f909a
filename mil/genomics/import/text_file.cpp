// SPDX-License-Identifier: Apache-2.0
// Formats of compression are told apart by their magic bytes.
#include "mil/genomics/import/text_file.h"

#include <fstream>

#include "mil/model_error.h"

namespace microtome {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

std::string first_bytes(const std::filesystem::path& path) {
  if (std::filesystem::is_directory(path)) throw ModelError(path.string() + ": read a text file: it is a folder: name a file");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw ModelError(path.string() + ": read a text file: it is not there, or may not be read: check the path");
  std::string bytes(4, '\0');
  file.read(bytes.data(), 4);
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return bytes;
}

std::string whole_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes(std::filesystem::file_size(path), '\0');
  if (!file.read(bytes.data(), static_cast<std::streamsize>(bytes.size())))
    throw ModelError(path.string() + ": read a text file: the reading stopped: check the disk");
  return bytes;
}

}  // namespace

TextFile TextFile::read(const std::filesystem::path& path) {
  const std::string magic = first_bytes(path);
  TextFile file(magic.starts_with("PK\x03\x04") || magic.starts_with("PK\x05\x06") ? text_of_zip(path)
                : magic.starts_with("\x1f\x8b")                                    ? text_of_gzip(path)
                                                                                   : whole_file(path));
  const std::string_view text = file.bytes_;
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF"))
    throw ModelError(path.string() + ": read a text file: it is UTF-16: save it as UTF-8");
  if (text.starts_with(byte_order_mark)) file.begin_ = byte_order_mark.size();
  return file;
}

}  // namespace microtome
