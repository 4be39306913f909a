// SPDX-License-Identifier: Apache-2.0
// UUID version 5 with OpenSSL's SHA-1.
#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>

#include "reporting/report_error.h"
#include "reporting/uuid.h"

namespace microtome {
namespace {

// A random UUID, drawn once: 8f1d2c52-5f0b-4f0c-9c1e-6d0a5e1f7b3a.
constexpr std::array<unsigned char, 16> kNamespace = {0x8f, 0x1d, 0x2c, 0x52, 0x5f, 0x0b, 0x4f, 0x0c,
                                                      0x9c, 0x1e, 0x6d, 0x0a, 0x5e, 0x1f, 0x7b, 0x3a};

}  // namespace

std::string uuid_v5(const std::string& name) {
  std::string text(kNamespace.begin(), kNamespace.end());
  text += name;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  if (EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha1(), nullptr) != 1)
    throw ReportError("identifiers: make a UUID: OpenSSL refuses SHA-1");
  digest[6] = static_cast<unsigned char>((digest[6] & 0x0f) | 0x50);
  digest[8] = static_cast<unsigned char>((digest[8] & 0x3f) | 0x80);
  std::string out;
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += fmt::format("{:02x}", digest[static_cast<std::size_t>(i)]);
  }
  return out;
}

}  // namespace microtome
