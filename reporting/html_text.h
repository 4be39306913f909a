// SPDX-License-Identifier: Apache-2.0
// Text, links and numbers as pages show them.
#pragma once

#include <cstdint>
#include <string>

namespace microtome {

/// With the five characters that mean something in HTML and its attributes written as entities.
std::string escaped(const std::string& text);

/// A relative link: every byte that means something in a URL or in HTML is percent-encoded, and "./" keeps a colon from naming a scheme.
std::string relative_link(const std::string& path);

/// Thousands apart by a narrow space that does not break.
std::string grouped(std::int64_t count);

/// With a true minus sign; empty stays empty.
std::string with_minus(std::string number);
/// Four significant digits; "not known" where it is not finite.
std::string number_words(double value);

}  // namespace microtome
