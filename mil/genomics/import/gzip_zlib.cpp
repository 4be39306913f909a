// SPDX-License-Identifier: Apache-2.0
// zlib reads gzip files of one member and of many, as bgzip writes them.
#include <zlib.h>

#include <memory>

#include "mil/genomics/import/text_file.h"
#include "mil/model_error.h"

namespace microtome {

std::string text_of_gzip(const std::filesystem::path& path) {
  constexpr std::size_t most_bytes = std::size_t{16} << 30;
  const std::unique_ptr<gzFile_s, decltype(&gzclose)> file(gzopen(path.c_str(), "rb"), gzclose);
  const auto refuse = [&](const std::string& said) {
    throw ModelError(path.string() + ": read as gzip: " + said + ": fetch the file again");
  };
  if (!file) refuse("it cannot be opened");
  gzbuffer(file.get(), 1 << 18);
  std::string text;
  for (;;) {
    constexpr std::size_t step = 1 << 22;
    const std::size_t before = text.size();
    if (before > most_bytes) refuse("it unpacks to more than 16 GiB");
    text.resize(before + step);
    const int got = gzread(file.get(), text.data() + before, step);
    int code = Z_OK;
    const char* said = gzerror(file.get(), &code);
    if (got < 0 || code == Z_BUF_ERROR) refuse(got < 0 ? said : "it ends too early");
    text.resize(before + static_cast<std::size_t>(got));
    if (got == 0) return text;
  }
}

}  // namespace microtome
