// SPDX-License-Identifier: Apache-2.0
// Fingerprints of files and texts (OpenSSL). Lower-case hex. Throw ModelError when a file cannot be read.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace microtome {

std::string sha256_of_file(const std::filesystem::path& path);
std::string sha256_of_text(std::string_view text);

}  // namespace microtome
