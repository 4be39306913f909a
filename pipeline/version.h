// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace microtome {

/// Follows CHANGELOG.md and the version in CMakeLists.txt.
inline constexpr const char* kVersion = "0.1.0";

}  // namespace microtome
