// SPDX-License-Identifier: Apache-2.0
// Numbers as text: the shortest digits that read back as the same number, with a point in every locale.
#pragma once

#include <array>
#include <charconv>
#include <string>

namespace microtome {

/// Appends to `out`. A float has its own shortest digits: 0.0132F is 0.0132, where as a double it would be 0.013199999928474426. Both JSON
/// and CSV take the result unless it is not finite, which the caller has seen to. Some 50 ns.
template <class Number>
void append_number(std::string& out, Number value) {
  std::array<char, 32> text{};  // the longest is -1.17549435e-38 or -9223372036854775808
  out.append(text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr);
}

}  // namespace microtome
