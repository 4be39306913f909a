// SPDX-License-Identifier: Apache-2.0
// Stable identifiers: the same name gives the same UUID on every machine and every rerun.
#pragma once

#include <string>

namespace microtome {

/// UUID version 5 (RFC 9562, SHA-1) of `name` in Microtome's own namespace, lower case with hyphens.
std::string uuid_v5(const std::string& name);

}  // namespace microtome
