// SPDX-License-Identifier: Apache-2.0
#include "pipeline/inputs/bag_folder.h"

#include <fmt/format.h>

#include <algorithm>

#include "pipeline/config.h"

namespace microtome {
namespace fs = std::filesystem;

std::vector<fs::path> find_bags(const fs::path& folder, const std::string& name) {
  if (!fs::is_directory(folder))
    throw ConfigError(fmt::format("{}: wanted a folder with {} files: no such folder", folder.string(), name));
  std::vector<fs::path> out;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && entry.path().filename() == name) out.push_back(entry.path());
  }
  std::sort(out.begin(), out.end());
  if (out.empty())
    throw ConfigError(fmt::format("{}: wanted bags: there is no {} in the folder: run microtome run first", folder.string(), name));
  return out;
}

}  // namespace microtome
