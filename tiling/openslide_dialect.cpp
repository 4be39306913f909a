// SPDX-License-Identifier: Apache-2.0
// Translates what OpenSlide hands over; see the header for each rule.
#include "tiling/openslide_dialect.h"

#include <algorithm>
#include <charconv>

namespace microtome {
namespace {

void replace_all(std::string& text, const std::string& what, const std::string& with) {
  for (std::size_t at = 0; !what.empty() && (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
}

std::uint8_t over(std::uint32_t premultiplied, std::uint8_t background, std::uint32_t alpha) {
  return static_cast<std::uint8_t>(std::min<std::uint32_t>(255, premultiplied + (background * (255 - alpha) + 127) / 255));
}

}  // namespace

double number_or(const PropertyLookup& property, const std::string& name, double otherwise) {
  const auto text = property(name);
  return text ? parse_number(*text).value_or(otherwise) : otherwise;
}

std::string without_paths(std::string message, const std::filesystem::path& path) {
  replace_all(message, path.string(), "the file");
  const std::string folder = path.parent_path().string() + "/";
  for (std::size_t at = 0; (at = message.find(folder)) != std::string::npos;) {
    const std::size_t end = std::min(message.find_first_of(":'\"\n", at), message.size());
    message.replace(at, end - at, "a file of the slide");
  }
  replace_all(message, path.filename().string(), "the file");
  return message;
}

Rgb background_in_file(const PropertyLookup& property) {
  const std::string hex = property("openslide.background-color").value_or("");
  unsigned value = 0;
  const auto [end, error] = std::from_chars(hex.data(), hex.data() + hex.size(), value, 16);
  if (hex.size() != 6 || error != std::errc() || end != hex.data() + hex.size()) return {};
  return {static_cast<std::uint8_t>(value >> 16), static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
}

Level0Rect bounds_in_file(const PropertyLookup& property, Size slide) {
  const auto width = static_cast<double>(slide.width), height = static_cast<double>(slide.height);
  const double x0 = std::clamp(number_or(property, "openslide.bounds-x", 0), 0.0, width);
  const double y0 = std::clamp(number_or(property, "openslide.bounds-y", 0), 0.0, height);
  const double x1 = std::min(width, x0 + number_or(property, "openslide.bounds-width", width));
  const double y1 = std::min(height, y0 + number_or(property, "openslide.bounds-height", height));
  if (x1 <= x0 || y1 <= y0) return {0, 0, width, height};
  return {x0, y0, x1 - x0, y1 - y0};
}

void composite(std::span<const std::uint32_t> argb, Rgb background, std::span<std::uint8_t> rgb) {
  std::uint8_t* target = rgb.data();
  for (const std::uint32_t pixel : argb) {
    const std::uint32_t alpha = pixel >> 24, r = pixel >> 16 & 255, g = pixel >> 8 & 255, b = pixel & 255;
    *target++ = over(r, background.r, alpha);
    *target++ = over(g, background.g, alpha);
    *target++ = over(b, background.b, alpha);
  }
}

}  // namespace microtome
