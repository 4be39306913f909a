// SPDX-License-Identifier: Apache-2.0
// What tests of resampled pixels share.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "tiling/resample.h"

namespace microtome {

inline std::vector<std::uint8_t> resampled(const std::vector<std::uint8_t>& source, Size source_size, RasterBox box, Size size) {
  std::vector<std::uint8_t> target(size.width * size.height * 3);
  Resampler().run(source.data(), source_size, box, target.data(), size.width * 3, size);
  return target;
}

inline int largest_difference(const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b) {
  EXPECT_EQ(a.size(), b.size());
  int largest = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

}  // namespace microtome
