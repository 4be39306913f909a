// SPDX-License-Identifier: Apache-2.0
// Procedural pixels and planned faults.
#include "tests/support/fake_slide.h"

#include <algorithm>
#include <cassert>

namespace microtome {
namespace {

// splitmix64: neighbouring coordinates get unrelated texture
std::uint64_t mix(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15ULL;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31);
}

bool holds(const Level0Rect& rect, double x, double y) {
  return x >= rect.x_level0 && y >= rect.y_level0 && x < rect.x_level0 + rect.width_level0 && y < rect.y_level0 + rect.height_level0;
}

}  // namespace

FakeSlide::FakeSlide(FakeSlideSettings settings) : settings_(std::move(settings)) {
  info_.vendor = "fake";
  info_.reader = "fake slide";
  for (const int d : settings_.downsamples) {
    info_.levels.push_back({{(settings_.size.width + d - 1) / d, (settings_.size.height + d - 1) / d}, static_cast<double>(d), {}, true});
  }
  if (settings_.mpp) info_.scale = Scale{*settings_.mpp, "openslide.mpp"};
  info_.bounds = {0, 0, static_cast<double>(settings_.size.width), static_cast<double>(settings_.size.height)};
}

Rgb FakeSlide::pixel(std::int64_t x, std::int64_t y) const {
  if (x < 0 || y < 0 || x >= settings_.size.width || y >= settings_.size.height) return info_.background;
  const std::uint64_t grain = mix(mix(settings_.seed ^ static_cast<std::uint64_t>(x)) ^ static_cast<std::uint64_t>(y));
  const bool inside = std::any_of(settings_.tissue.begin(), settings_.tissue.end(),
                                  [&](const Level0Rect& rect) { return holds(rect, static_cast<double>(x), static_cast<double>(y)); });
  const auto with_grain = [&](int base, int range, int shift) {
    return static_cast<std::uint8_t>(base + static_cast<int>((grain >> shift) % static_cast<std::uint64_t>(range)));
  };
  if (!inside) return {with_grain(242, 4, 0), with_grain(242, 4, 8), with_grain(242, 4, 16)};
  return {with_grain(190, 50, 0), with_grain(100, 50, 8), with_grain(150, 50, 16)};
}

void FakeSlide::read(int level, std::span<LevelWindow> windows, const StoredBytes*) const {
  assert(level >= 0 && level < static_cast<int>(settings_.downsamples.size()));
  const int d = settings_.downsamples[level];
  for (const LevelWindow& window : windows) {
    for (std::int64_t y = 0; y < window.size.height; ++y) {
      std::uint8_t* target = window.rgb + y * window.row_bytes;
      for (std::int64_t x = 0; x < window.size.width; ++x) {
        const Rgb colour = pixel((window.x + x) * d, (window.y + y) * d);
        *target++ = colour.r;
        *target++ = colour.g;
        *target++ = colour.b;
      }
    }
  }
}

std::vector<std::uint8_t> FakeSlide::whole_level(int level) const {
  const Size size = info_.levels[level].size;
  std::vector<std::uint8_t> rgb(size.width * size.height * 3);
  read_window(*this, level, 0, 0, size, rgb);
  return rgb;
}

bool FaultySlide::is_faulty(int level, const LevelWindow& window) const {
  const bool its_turn = reads_.fetch_add(1) == faults_.read_number;
  if (its_turn || level != faults_.level) return its_turn;
  const double d = info().levels[level].downsample;
  const double x = static_cast<double>(window.x) * d, y = static_cast<double>(window.y) * d;
  return std::any_of(faults_.areas.begin(), faults_.areas.end(), [&](const Level0Rect& area) {
    return area.x_level0 < x + static_cast<double>(window.size.width) * d && area.x_level0 + area.width_level0 > x &&
           area.y_level0 < y + static_cast<double>(window.size.height) * d && area.y_level0 + area.height_level0 > y;
  });
}

void FaultySlide::read(int level, std::span<LevelWindow> windows, const StoredBytes*) const {
  for (LevelWindow& window : windows) {
    if (is_faulty(level, window)) {
      window.error = "read a region of the slide: a planned fault: copy the file again from its source";
    } else {
      slide_->read(level, {&window, 1}, nullptr);
    }
  }
}

}  // namespace microtome
