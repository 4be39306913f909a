// SPDX-License-Identifier: Apache-2.0
// One resampling of an RGB raster. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "tiling/geometry.h"

namespace microtome {

/// Name of the resampling kernel, recorded in documents.
inline constexpr const char* kResamplingKernel = "area";

/// Area averaging: a target pixel is the mean of the source over the real rectangle it covers, cut pixels counting by the share covered.
/// Where the target is finer than the source the rectangle is one source pixel wide, which is linear interpolation; both rules meet at
/// equal scale. Chosen for being exact under reduction (no aliasing, no ringing) and the cheapest such kernel; see tests/bench/README.md.
/// Keeps its work memory between calls; one per thread. Cost: about a quarter of decoding the source
/// from JPEG.
class Resampler {
 public:
  /// Resamples the real `box` of the raster to target_size pixels. Parts of the box outside the raster take the nearest pixels.
  /// `source` is rows of RGB without gaps; `target` rows begin row_bytes apart.
  void run(const std::uint8_t* source, Size source_size, RasterBox box, std::uint8_t* target, std::int64_t row_bytes, Size target_size);

 private:
  // For each target pixel the run of source pixels that it covers and their weights, which sum to 1.
  struct Cover {
    std::int64_t begin = 0, end = 0;         // all source pixels that any run holds
    std::size_t taps = 0;                    // of the longest run; shorter ones end in weights of zero
    std::vector<std::int64_t> first, count;  // of each run
    std::vector<float> weights;
    void cut(double box0, double box1, std::int64_t source, std::int64_t target);
  };

  void sum_rows(const std::uint8_t* source, std::int64_t source_width, std::int64_t target_row);
  template <std::size_t Taps>
  void sum_columns(std::uint8_t* target) const;
  void sum_columns(std::uint8_t* target) const;

  Cover across_, down_;
  std::vector<float> row_;
};

}  // namespace microtome
