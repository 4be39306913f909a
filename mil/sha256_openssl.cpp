// SPDX-License-Identifier: Apache-2.0
// SHA-256 through OpenSSL's EVP interface.
#include <openssl/evp.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "mil/model_error.h"
#include "mil/sha256.h"

namespace microtome {

namespace {

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    require(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
  }
  void add(const void* data, std::size_t bytes) { require(EVP_DigestUpdate(context_.get(), data, bytes) == 1); }

  std::string hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    require(EVP_DigestFinal_ex(context_.get(), digest.data(), &length) == 1);
    std::string text;
    for (unsigned i = 0; i < length; ++i) {
      text += "0123456789abcdef"[digest[i] >> 4];
      text += "0123456789abcdef"[digest[i] & 15];
    }
    return text;
  }

 private:
  static void require(bool done) {
    if (!done) throw ModelError("SHA-256: compute: OpenSSL does not offer it: check the OpenSSL configuration");
  }
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

[[noreturn]] void fail(const std::filesystem::path& path, int code) {
  throw ModelError(path.string() + ": read to compute its SHA-256: " + std::strerror(code) + ": check the path and its permissions");
}

}  // namespace

std::string sha256_of_file(const std::filesystem::path& path) {
  const std::unique_ptr<std::FILE, decltype(&std::fclose)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file) fail(path, errno);
  Sha256 hash;
  std::vector<char> block(1 << 16);
  while (const std::size_t bytes = std::fread(block.data(), 1, block.size(), file.get())) hash.add(block.data(), bytes);
  if (std::ferror(file.get()) != 0) fail(path, errno);
  return hash.hex();
}

std::string sha256_of_text(std::string_view text) {
  Sha256 hash;
  hash.add(text.data(), text.size());
  return hash.hex();
}

}  // namespace microtome
