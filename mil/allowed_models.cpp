// SPDX-License-Identifier: Apache-2.0
#include "mil/allowed_models.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <fstream>

#include "mil/model_error.h"

namespace microtome {
namespace {

constexpr std::size_t kHexDigits = 64;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool is_sha256(const std::string& word) {
  return word.size() == kHexDigits && std::all_of(word.begin(), word.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
}

}  // namespace

AllowedModels::AllowedModels(const std::filesystem::path& path) : path_(path) {
  std::ifstream file(path);
  if (!file) throw ModelError(fmt::format("{}: wanted a list of allowed models: it cannot be opened: check the path", path.string()));
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    const auto start = line.find_first_not_of(" \t\r");
    if (start == std::string::npos || line[start] == '#') continue;
    const auto end = line.find_first_of(" \t\r", start);
    const std::string word = line.substr(start, end == std::string::npos ? end : end - start);
    if (!is_sha256(word))
      throw ModelError(fmt::format("{}: wanted a sha256 of 64 hex digits at the start of line {}: found '{}': write the list with sha256sum",
                                   path.string(), number, word));
    sha256_.insert(lower(word));
  }
  if (sha256_.empty())
    throw ModelError(fmt::format("{}: wanted at least one allowed model: the list is empty: add lines with sha256sum", path.string()));
}

void AllowedModels::require(const std::filesystem::path& model_file, const std::string& sha256) const {
  if (sha256_.count(sha256) != 0) return;
  throw ModelError(fmt::format("{}: wanted a model that {} allows: its sha256 {} is not in the list: have it reviewed and added, or use another",
                               model_file.string(), path_.string(), sha256));
}

}  // namespace microtome
