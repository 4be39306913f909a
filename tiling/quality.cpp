// SPDX-License-Identifier: Apache-2.0
// Sharpness of a tile as the variance of its Laplacian.
#include "tiling/quality.h"

#include <cassert>
#include <vector>

namespace microtome {
namespace {

std::vector<float> luma(std::span<const std::uint8_t> rgb) {
  std::vector<float> result(rgb.size() / 3);
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = 0.299f * rgb[3 * i] + 0.587f * rgb[3 * i + 1] + 0.114f * rgb[3 * i + 2];
  return result;
}

}  // namespace

float focus_measure(std::span<const std::uint8_t> rgb, Size size) {
  assert(rgb.size() == static_cast<std::size_t>(size.width * size.height * 3));
  if (size.width < 3 || size.height < 3) return 0;
  const std::vector<float> y = luma(rgb);
  double sum = 0, sum_of_squares = 0;
  for (std::int64_t row = 1; row + 1 < size.height; ++row) {
    for (std::int64_t i = row * size.width + 1; i + 1 < (row + 1) * size.width; ++i) {
      const double laplacian = y[i - 1] + y[i + 1] + y[i - size.width] + y[i + size.width] - 4 * y[i];
      sum += laplacian;
      sum_of_squares += laplacian * laplacian;
    }
  }
  const double n = static_cast<double>((size.width - 2) * (size.height - 2));
  const double variance = sum_of_squares / n - (sum / n) * (sum / n);
  return variance > 0 ? static_cast<float>(variance) : 0.0f;
}

}  // namespace microtome
