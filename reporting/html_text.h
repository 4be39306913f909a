// SPDX-License-Identifier: Apache-2.0
// Text that is safe inside HTML and SVG.
#pragma once

#include <string>

namespace microtome {

/// & < > " ' as entities.
std::string escaped(const std::string& text);

}  // namespace microtome
