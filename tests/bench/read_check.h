// SPDX-License-Identifier: Apache-2.0
// What the tiles of a benchmark must look like: averages over exact areas of OpenSlide's full-resolution pixels.
#pragma once

#include <cstdint>
#include <limits>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "tests/bench/read_slides.h"

namespace microtome {

/// How far a row may be from the reference.
struct Tolerance {
  double most_difference = 255;  // of any channel of any pixel
  double least_psnr = 0;         // dB, over all tiles
};

inline constexpr Tolerance kSameBytes{0, 0};

/// The real interval [0, extent) of `count` equal cells, each as a run of whole and cut pixels.
struct AreaWeights {
  struct Cell {
    std::int64_t first = 0;
    std::vector<float> weights;  // sum to 1
  };
  std::vector<Cell> cells;
  std::int64_t pixels = 0;  // all that any cell sees
  AreaWeights(double extent, int count);
};

/// Compares tiles as they come, from any thread.
class TileCheck {
 public:
  /// Tiles of tile_px pixels that show side_level0 level-0 pixels of the slide, from `origins` on.
  TileCheck(const BenchSlide& slide, int tile_px, double side_level0, std::span<const Level0Point> origins);

  void see(std::size_t index, const std::uint8_t* rgb);

  /// What is wrong, empty where nothing is: a tile missing, seen twice, or further off than allowed.
  std::string verdict(const Tolerance& allowed) const;

  double psnr() const;

 private:
  struct Work;
  void reference(Level0Point origin, Work& work) const;
  void sum_rows(Level0Point origin, const AreaWeights::Cell& cell, Work& work) const;

  const BenchSlide& slide_;
  int tile_px_;
  AreaWeights weights_;
  std::span<const Level0Point> origins_;
  std::mutex mutex_;
  std::vector<int> seen_;
  double squares_ = 0, values_ = 0, most_ = 0;
};

}  // namespace microtome
