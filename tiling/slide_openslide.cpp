// SPDX-License-Identifier: Apache-2.0
// Slides through OpenSlide: its three outcomes of opening, its sticky errors, its premultiplied pixels.
#include <fmt/format.h>
#include <openslide/openslide.h>

#include <cassert>
#include <cmath>
#include <mutex>

#include "tiling/openslide_dialect.h"
#include "tiling/readers.h"
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

// OpenSlide 3.4.1 lays the rows of a stored tile out at the image's width when the image is narrower or lower than the
// tile, unless the tile is JPEG. It does not tell a level's compression, so every such level is held to be wrong.
bool is_trusted(const Level& level, const std::string& vendor) {
  const bool may_be_other_than_jpeg = vendor == "generic-tiff" || vendor == "aperio";
  return !may_be_other_than_jpeg || (level.size.width >= level.tile.width && level.size.height >= level.tile.height);
}

Level level_of(const Handle& handle, const PropertyLookup& property, int index, const std::string& vendor) {
  Level level;
  openslide_get_level_dimensions(handle.get(), index, &level.size.width, &level.size.height);
  level.downsample = openslide_get_level_downsample(handle.get(), index);
  level.tile.width = static_cast<std::int64_t>(number_or(property, fmt::format("openslide.level[{}].tile-width", index), 0));
  level.tile.height = static_cast<std::int64_t>(number_or(property, fmt::format("openslide.level[{}].tile-height", index), 0));
  level.trusted = is_trusted(level, vendor);
  return level;
}

SlideInfo info_of(const Handle& handle) {
  const PropertyLookup property = [&](const std::string& name) -> std::optional<std::string> {
    const char* value = openslide_get_property_value(handle.get(), name.c_str());
    if (!value) return std::nullopt;
    return value;
  };
  SlideInfo info;
  info.vendor = property(OPENSLIDE_PROPERTY_NAME_VENDOR).value_or("");
  info.reader = slide_library_version();
  const int levels = openslide_get_level_count(handle.get());
  for (int i = 0; i < levels; ++i) info.levels.push_back(level_of(handle, property, i, info.vendor));
  info.scale = scale_in_file(property);
  info.bounds = info.levels.empty() ? Level0Rect{} : bounds_in_file(property, info.levels[0].size);
  info.background = background_in_file(property);
  return info;
}

class OpenSlideSlide : public Slide {
 public:
  OpenSlideSlide(std::filesystem::path path, Handle handle, SlideInfo info)
      : path_(std::move(path)), info_(std::move(info)), handle_(std::move(handle)) {}

  const SlideInfo& info() const override { return info_; }

  void read(int level, std::span<LevelWindow> windows, const StoredBytes*) const override {
    assert(level >= 0 && level < static_cast<int>(info_.levels.size()));
    for (LevelWindow& window : windows) read_one(level, window);
  }

 private:
  // One failed read kills an OpenSlide handle for everybody. So a failure counts only when a handle of its own fails
  // too, and whether a read fails never depends on what other threads read.
  void read_one(int level, LevelWindow& window) const {
    // OpenSlide starts at level-0 pixels only; what rounding to one moved the window by is handed on
    const double d = info_.levels[level].downsample;
    const Level0Point origin{std::llround(static_cast<double>(window.x) * d), std::llround(static_cast<double>(window.y) * d)};
    window.shift_x = static_cast<double>(origin.x_level0) / d - static_cast<double>(window.x);
    window.shift_y = static_cast<double>(origin.y_level0) / d - static_cast<double>(window.y);

    std::vector<std::uint32_t> argb(window.size.width * window.size.height);
    const Handle shared = current();
    if (!try_read(shared, level, origin, window.size, argb).empty()) {
      const Handle fresh = open_handle(path_.string());
      const std::string error = fresh ? try_read(fresh, level, origin, window.size, argb) : "the file is no longer a slide";
      if (!error.empty()) {
        window.error = sentence(level, origin, window.size, error);
        return;
      }
      replace(shared, fresh);
    }
    for (std::int64_t y = 0; y < window.size.height; ++y) {
      composite({&argb[y * window.size.width], static_cast<std::size_t>(window.size.width)}, info_.background,
                {window.rgb + y * window.row_bytes, static_cast<std::size_t>(window.size.width * 3)});
    }
  }

  // What OpenSlide said; empty when all is well.
  static std::string try_read(const Handle& handle, int level, Level0Point origin, Size size, std::vector<std::uint32_t>& argb) {
    openslide_read_region(handle.get(), argb.data(), origin.x_level0, origin.y_level0, level, size.width, size.height);
    const char* error = openslide_get_error(handle.get());
    return error ? (*error ? error : "unknown error") : "";
  }

  std::string sentence(int level, Level0Point origin, Size size, const std::string& error) const {
    return fmt::format("read {} x {} pixels of level {} at ({}, {}): {}: the file is damaged there, copy it again from its source",
                       size.width, size.height, level, origin.x_level0, origin.y_level0, without_paths(error, path_));
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

std::unique_ptr<Slide> open_with_openslide(const std::filesystem::path& path) {
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

std::string openslide_vendor(const std::filesystem::path& path) {
  const char* vendor = openslide_detect_vendor(path.string().c_str());
  return vendor ? vendor : "";
}

std::string slide_library_version() { return fmt::format("openslide {}", openslide_get_version()); }

}  // namespace microtome
