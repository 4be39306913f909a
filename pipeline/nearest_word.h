// SPDX-License-Identifier: Apache-2.0
// What a user may have meant: names commands and options in messages.
#pragma once

#include <string>
#include <vector>

namespace microtome {

/// The known word nearest to `word` by edit distance, or "" when none is near.
std::string nearest_word(const std::string& word, const std::vector<std::string>& known);

}  // namespace microtome
