// SPDX-License-Identifier: Apache-2.0
// libzip finds the entry; libdeflate, which is much faster than zlib, unpacks it.
#include <libdeflate.h>
#include <zip.h>

#include <memory>
#include <vector>

#include "mil/genomics/import/text_file.h"
#include "mil/large_memory.h"
#include "mil/model_error.h"

namespace microtome {

namespace {

constexpr zip_uint64_t most_bytes = zip_uint64_t{16} << 30;

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& said, const std::string& advice) {
  throw ModelError(path.string() + ": read as ZIP: " + said + ": " + advice);
}

using Archive = std::unique_ptr<zip_t, decltype(&zip_discard)>;
using Entry = std::unique_ptr<zip_file_t, decltype(&zip_fclose)>;

Archive open_archive(const std::filesystem::path& path) {
  int code = 0;
  zip_t* archive = zip_open(path.c_str(), ZIP_RDONLY, &code);
  if (archive != nullptr) return {archive, zip_discard};
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  const std::string said = zip_error_strerror(&error);
  zip_error_fini(&error);
  refuse(path, said, "fetch the file again");
}

bool is_clutter(const std::string& name) { return name.ends_with('/') || name.starts_with("__MACOSX/"); }

zip_stat_t only_entry(zip_t* archive, const std::filesystem::path& path) {
  zip_stat_t found;
  zip_stat_init(&found);
  int texts = 0;
  for (zip_int64_t i = 0; i < zip_get_num_entries(archive, 0); ++i) {
    zip_stat_t entry;
    if (zip_stat_index(archive, static_cast<zip_uint64_t>(i), 0, &entry) != 0) refuse(path, zip_strerror(archive), "fetch the file again");
    if (is_clutter(entry.name)) continue;
    found = entry;
    ++texts;
  }
  if (texts != 1) refuse(path, "it holds " + std::to_string(texts) + " files, not one", "unpack it and name the file");
  const zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_CRC | ZIP_STAT_INDEX;
  if ((found.valid & needed) != needed) refuse(path, "its directory says too little", "pack it again");
  return found;
}

std::string stored_bytes(zip_t* archive, const zip_stat_t& entry, zip_flags_t flags, zip_uint64_t bytes,
                         const std::filesystem::path& path) {
  const Entry file(zip_fopen_index(archive, entry.index, flags), zip_fclose);
  if (!file) refuse(path, zip_strerror(archive), "unpack it and name the file");
  std::string out;
  reserve_large(out, bytes);
  out.resize(bytes);
  if (zip_fread(file.get(), out.data(), bytes) != static_cast<zip_int64_t>(bytes))
    refuse(path, zip_file_strerror(file.get()), "fetch the file again");
  return out;
}

std::string unpack(const std::string& packed, const zip_stat_t& entry, const std::filesystem::path& path) {
  const std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)> engine(libdeflate_alloc_decompressor(),
                                                                                                 libdeflate_free_decompressor);
  std::string text;
  reserve_large(text, entry.size);
  text.resize(entry.size);
  const auto result = libdeflate_deflate_decompress(engine.get(), packed.data(), packed.size(), text.data(), text.size(), nullptr);
  if (result != LIBDEFLATE_SUCCESS || libdeflate_crc32(0, text.data(), text.size()) != entry.crc) {
    refuse(path, "its content does not unpack to what its directory says", "fetch the file again");
  }
  return text;
}

}  // namespace

std::string text_of_zip(const std::filesystem::path& path) {
  const Archive archive = open_archive(path);
  const zip_stat_t entry = only_entry(archive.get(), path);
  const auto file_bytes = static_cast<zip_uint64_t>(std::filesystem::file_size(path));
  // deflate shrinks at most 1032 to 1
  if (entry.size > most_bytes || entry.comp_size > file_bytes || entry.size / 1032 > file_bytes) {
    refuse(path, "it claims to unpack to " + std::to_string(entry.size) + " bytes", "unpack it and name the file");
  }
  const bool plain_deflate = entry.comp_method == ZIP_CM_DEFLATE && entry.encryption_method == ZIP_EM_NONE;
  if (!plain_deflate) return stored_bytes(archive.get(), entry, 0, entry.size, path);
  return unpack(stored_bytes(archive.get(), entry, ZIP_FL_COMPRESSED, entry.comp_size, path), entry, path);
}

}  // namespace microtome
