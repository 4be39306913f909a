// SPDX-License-Identifier: Apache-2.0
// Slides without files: FakeSlide draws its pixels from their coordinates, FaultySlide fails where it is told to.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "tiling/slide.h"

namespace microtome {

/// What a FakeSlide looks like. Tissue is eosin-like with a texture of one pixel's grain, the rest near-white glass.
struct FakeSlideSettings {
  Size size{1024, 1024};            // level 0
  std::optional<double> mpp = 0.5;  // nullopt: the "file" does not say
  std::vector<int> downsamples{1};  // of the levels, ascending, first 1
  std::vector<Level0Rect> tissue;   // level-0 pixels
  std::uint64_t seed = 0;           // of the texture: two slides differ in every tissue pixel's grain
};

/// Level pixel (i,j) shows the level-0 pixel (i*d, j*d). Outside the slide is the background, white. Thread-safe.
class FakeSlide : public Slide {
 public:
  explicit FakeSlide(FakeSlideSettings settings);
  const SlideInfo& info() const override { return info_; }
  void read(int level, std::span<LevelWindow> windows, const StoredBytes* fetched) const override;

  /// The colour of one level-0 pixel, for tests that say what they expect.
  Rgb pixel(std::int64_t x_level0, std::int64_t y_level0) const;

  /// All of a level, rows of RGB.
  std::vector<std::uint8_t> whole_level(int level) const;

 private:
  FakeSlideSettings settings_;
  SlideInfo info_;
};

/// Where a FaultySlide fails. An area is touched by a window that overlaps it; a tile that is resampled may read a
/// pixel beyond its own box, so keep an area well inside the tile that shall fail.
struct Faults {
  std::vector<Level0Rect> areas;  // level-0 pixels
  int level = 0;                  // windows of other levels are never harmed: an overview on level 1 survives
  std::int64_t read_number = -1;  // the n-th window of any level, counted from 0, fails too; -1: none
};

/// Passes reads on to another slide, but for those that `faults` names: those get an error. Thread-safe.
class FaultySlide : public Slide {
 public:
  FaultySlide(std::unique_ptr<Slide> slide, Faults faults) : slide_(std::move(slide)), faults_(std::move(faults)) {}
  const SlideInfo& info() const override { return slide_->info(); }
  void read(int level, std::span<LevelWindow> windows, const StoredBytes* fetched) const override;

 private:
  bool is_faulty(int level, const LevelWindow& window) const;

  std::unique_ptr<Slide> slide_;
  Faults faults_;
  mutable std::atomic<std::int64_t> reads_{0};
};

}  // namespace microtome
