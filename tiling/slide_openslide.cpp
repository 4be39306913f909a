// SPDX-License-Identifier: Apache-2.0
// Slides through OpenSlide: its three outcomes of opening, its sticky errors, its premultiplied pixels.
#include <fmt/format.h>
#include <openslide/openslide.h>

#include <cassert>
#include <charconv>
#include <mutex>

#include "tiling/scale.h"
#include "tiling/slide.h"
#include "tiling/tiff_messages.h"

namespace microtome {
namespace {

// Shared, because the last reader of a dead handle closes it: openslide_close may not meet a running read.
using Handle = std::shared_ptr<openslide_t>;

Handle open_handle(const std::string& path) {
  return {openslide_open(path.c_str()), [](openslide_t* slide) {
            if (slide) openslide_close(slide);
          }};
}

std::optional<std::string> property(const Handle& handle, const std::string& name) {
  const char* value = openslide_get_property_value(handle.get(), name.c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

double number_or(const Handle& handle, const std::string& name, double otherwise) {
  const auto text = property(handle, name);
  return text ? parse_number(*text).value_or(otherwise) : otherwise;
}

void replace_all(std::string& text, const std::string& what, const std::string& with) {
  for (std::size_t at = 0; !what.empty() && (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
}

// OpenSlide's messages may quote the slide's path or a file beside it, and those may be named after a patient.
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

Rgb background_of(const Handle& handle) {
  const std::string hex = property(handle, OPENSLIDE_PROPERTY_NAME_BACKGROUND_COLOR).value_or("");
  unsigned value = 0;
  const auto [end, error] = std::from_chars(hex.data(), hex.data() + hex.size(), value, 16);
  if (hex.size() != 6 || error != std::errc() || end != hex.data() + hex.size()) return {};
  return {static_cast<std::uint8_t>(value >> 16), static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
}

// The scanned part, cut to the slide; the whole slide where the file says nothing or nonsense.
Level0Rect bounds_of(const Handle& handle, Size slide) {
  const auto width = static_cast<double>(slide.width), height = static_cast<double>(slide.height);
  const double x0 = std::clamp(number_or(handle, OPENSLIDE_PROPERTY_NAME_BOUNDS_X, 0), 0.0, width);
  const double y0 = std::clamp(number_or(handle, OPENSLIDE_PROPERTY_NAME_BOUNDS_Y, 0), 0.0, height);
  const double x1 = std::min(width, x0 + number_or(handle, OPENSLIDE_PROPERTY_NAME_BOUNDS_WIDTH, width));
  const double y1 = std::min(height, y0 + number_or(handle, OPENSLIDE_PROPERTY_NAME_BOUNDS_HEIGHT, height));
  if (x1 <= x0 || y1 <= y0) return {0, 0, width, height};
  return {x0, y0, x1 - x0, y1 - y0};
}

// OpenSlide 3.4.1 lays the rows of a stored tile out at the image's width when the image is narrower or lower than the
// tile, unless the tile is JPEG. It does not tell a level's compression, so every such level is held to be wrong.
bool is_trusted(const Level& level, const std::string& vendor) {
  const bool may_be_other_than_jpeg = vendor == "generic-tiff" || vendor == "aperio";
  return !may_be_other_than_jpeg || (level.size.width >= level.tile.width && level.size.height >= level.tile.height);
}

Level level_of(const Handle& handle, int index, const std::string& vendor) {
  Level level;
  openslide_get_level_dimensions(handle.get(), index, &level.size.width, &level.size.height);
  level.downsample = openslide_get_level_downsample(handle.get(), index);
  level.tile.width = static_cast<std::int64_t>(number_or(handle, fmt::format("openslide.level[{}].tile-width", index), 0));
  level.tile.height = static_cast<std::int64_t>(number_or(handle, fmt::format("openslide.level[{}].tile-height", index), 0));
  level.trusted = is_trusted(level, vendor);
  return level;
}

SlideInfo info_of(const Handle& handle) {
  SlideInfo info;
  info.vendor = property(handle, OPENSLIDE_PROPERTY_NAME_VENDOR).value_or("");
  info.reader = slide_library_version();
  const int levels = openslide_get_level_count(handle.get());
  for (int i = 0; i < levels; ++i) info.levels.push_back(level_of(handle, i, info.vendor));
  info.scale = scale_in_file([&](const std::string& name) { return property(handle, name); });
  info.bounds = info.levels.empty() ? Level0Rect{} : bounds_of(handle, info.levels[0].size);
  info.background = background_of(handle);
  return info;
}

std::uint8_t over(std::uint32_t premultiplied, std::uint8_t background, std::uint32_t alpha) {
  return static_cast<std::uint8_t>(std::min<std::uint32_t>(255, premultiplied + (background * (255 - alpha) + 127) / 255));
}

void composite(const std::vector<std::uint32_t>& argb, Rgb background, std::span<std::uint8_t> rgb) {
  std::uint8_t* target = rgb.data();
  for (const std::uint32_t pixel : argb) {
    const std::uint32_t alpha = pixel >> 24, r = pixel >> 16 & 255, g = pixel >> 8 & 255, b = pixel & 255;
    *target++ = over(r, background.r, alpha);
    *target++ = over(g, background.g, alpha);
    *target++ = over(b, background.b, alpha);
  }
}

class OpenSlideSlide : public Slide {
 public:
  OpenSlideSlide(std::filesystem::path path, Handle handle, SlideInfo info)
      : path_(std::move(path)), info_(std::move(info)), handle_(std::move(handle)) {}

  const SlideInfo& info() const override { return info_; }

  // One failed read kills an OpenSlide handle for everybody. So a failure counts only when a handle of its own fails
  // too, and whether a read fails never depends on what other threads read.
  void read(int level, Level0Point origin, Size size, std::span<std::uint8_t> rgb) const override {
    assert(level >= 0 && level < static_cast<int>(info_.levels.size()));
    assert(rgb.size() == static_cast<std::size_t>(size.width * size.height * 3));
    std::vector<std::uint32_t> argb(size.width * size.height);
    const Handle shared = current();
    if (!try_read(shared, level, origin, size, argb).empty()) {
      const Handle fresh = open_handle(path_.string());
      const std::string error = fresh ? try_read(fresh, level, origin, size, argb) : "the file is no longer a slide";
      if (!error.empty()) fail(level, origin, size, error);
      replace(shared, fresh);
    }
    composite(argb, info_.background, rgb);
  }

 private:
  // What OpenSlide said; empty when all is well.
  static std::string try_read(const Handle& handle, int level, Level0Point origin, Size size, std::vector<std::uint32_t>& argb) {
    openslide_read_region(handle.get(), argb.data(), origin.x_level0, origin.y_level0, level, size.width, size.height);
    const char* error = openslide_get_error(handle.get());
    return error ? (*error ? error : "unknown error") : "";
  }

  [[noreturn]] void fail(int level, Level0Point origin, Size size, const std::string& error) const {
    throw SlideError("read_failed",
                     fmt::format("read {} x {} pixels of level {} at ({}, {}): {}: the file is damaged there, copy it "
                                 "again from its source",
                                 size.width, size.height, level, origin.x_level0, origin.y_level0, without_paths(error, path_)));
  }

  Handle current() const {
    const std::lock_guard lock(mutex_);
    return handle_;
  }

  void replace(const Handle& dead, const Handle& fresh) const {
    const std::lock_guard lock(mutex_);
    if (handle_ == dead) handle_ = fresh;
  }

  std::filesystem::path path_;
  SlideInfo info_;
  mutable std::mutex mutex_;
  mutable Handle handle_;
};

}  // namespace

std::unique_ptr<Slide> open_slide(const std::filesystem::path& path) {
  silence_tiff();
  const std::filesystem::path full = std::filesystem::absolute(path);
  Handle handle = open_handle(full.string());
  if (!handle) {
    throw SlideError("not_a_slide", fmt::format("open the slide: {} does not know this file's format: "
                                                "check that the file is complete, or leave it out of the archive",
                                                slide_library_version()));
  }
  if (const char* error = openslide_get_error(handle.get())) {
    throw SlideError("cannot_open",
                     fmt::format("open the slide: {}: the file is damaged or of a variant that {} cannot read, copy it again "
                                 "or convert it",
                                 without_paths(error, full), slide_library_version()));
  }
  SlideInfo info = info_of(handle);
  if (info.levels.empty() || !info.levels[0].trusted) {
    throw SlideError("cannot_open", fmt::format("open the slide: its full resolution is smaller than one stored tile, which {} may read "
                                                "scrambled: store it again with smaller tiles",
                                                slide_library_version()));
  }
  return std::make_unique<OpenSlideSlide>(full, std::move(handle), std::move(info));
}

bool looks_like_slide(const std::filesystem::path& path) { return openslide_detect_vendor(path.string().c_str()) != nullptr; }

std::string slide_library_version() { return fmt::format("openslide {}", openslide_get_version()); }

}  // namespace microtome
