// SPDX-License-Identifier: Apache-2.0
#include "reporting/html_text.h"

#include <fmt/format.h>

#include <cctype>
#include <cmath>
#include <string_view>

namespace microtome {

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string relative_link(const std::string& path) {
  std::string out = "./";
  for (const unsigned char c : path) {
    if (std::isalnum(c) != 0 || std::string_view("-._~/").find(static_cast<char>(c)) != std::string_view::npos)
      out += static_cast<char>(c);
    else
      out += fmt::format("%{:02X}", c);
  }
  return out;
}

std::string grouped(std::int64_t count) {
  std::string out = std::to_string(count);
  for (auto place = static_cast<std::int64_t>(out.size()) - 3; place > 0; place -= 3) out.insert(static_cast<std::size_t>(place), "\u202f");
  return out;
}

std::string with_minus(std::string number) {
  if (number.starts_with('-')) number.replace(0, 1, "\u2212");
  return number;
}

std::string number_words(double value) { return std::isfinite(value) ? with_minus(fmt::format("{:.4g}", value)) : "not known"; }

}  // namespace microtome
