// SPDX-License-Identifier: Apache-2.0
// A folder with bags somewhere below it, as `run` leaves one.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace microtome {

/// Every file `name` below `folder`, sorted by path; at least one. Throws ConfigError.
std::vector<std::filesystem::path> find_bags(const std::filesystem::path& folder, const std::string& name);

}  // namespace microtome
