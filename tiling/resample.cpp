// SPDX-License-Identifier: Apache-2.0
// Rows are summed first, because that runs over whole rows at once; then each row's columns, one pixel (with its neighbour's red as
// ballast) to a vector of four.
#include "tiling/resample.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace microtome {
namespace {

using Vector4 = float __attribute__((vector_size(16)));

std::uint8_t to_byte(float value) { return static_cast<std::uint8_t>(std::clamp(value + 0.5f, 0.0f, 255.0f)); }

}  // namespace

void Resampler::Cover::cut(double box0, double box1, std::int64_t source, std::int64_t target) {
  const double scale = (box1 - box0) / static_cast<double>(target);
  const double half = std::max(scale, 1.0) / 2;
  taps = static_cast<std::size_t>(std::ceil(2 * half)) + 2;
  begin = source;
  end = 0;
  first.resize(target);
  count.resize(target);
  weights.assign(taps * target, 0);
  for (std::int64_t i = 0; i < target; ++i) {
    const double centre = box0 + (static_cast<double>(i) + 0.5) * scale;
    const double from = centre - half, to = centre + half;
    const auto left = std::clamp(static_cast<std::int64_t>(std::floor(from)), std::int64_t{0}, source - 1);
    const auto right = std::clamp(static_cast<std::int64_t>(std::ceil(to)), left + 1, source);
    float* run = &weights[i * taps];
    double sum = 0;
    const auto share = [&](std::int64_t x) {
      return std::max(0.0, std::min(to, static_cast<double>(x + 1)) - std::max(from, static_cast<double>(x)));
    };
    for (std::int64_t x = left; x < right; ++x) sum += share(x);
    for (std::int64_t x = left; x < right; ++x) run[x - left] = sum > 0 ? static_cast<float>(share(x) / sum) : 0.0f;
    if (sum <= 0) run[0] = 1;  // wholly outside
    first[i] = left;
    count[i] = right - left;
    begin = std::min(begin, left);
    end = std::max(end, right);
  }
}

void Resampler::sum_rows(const std::uint8_t* source, std::int64_t source_width, std::int64_t target_row) {
  const std::int64_t length = (across_.end - across_.begin) * 3;
  const std::uint8_t* from = source + (down_.first[target_row] * source_width + across_.begin) * 3;
  float* row = row_.data();
  std::fill_n(row, length, 0.0f);
  for (std::int64_t k = 0; k < down_.count[target_row]; ++k, from += source_width * 3) {
    const float weight = down_.weights[target_row * down_.taps + k];
    for (std::int64_t i = 0; i < length; ++i) row[i] += weight * from[i];
  }
}

void Resampler::sum_columns(std::uint8_t* target) const {
  for (std::size_t i = 0; i < across_.first.size(); ++i, target += 3) {
    const float* from = row_.data() + (across_.first[i] - across_.begin) * 3;
    const float* weight = &across_.weights[i * across_.taps];
    Vector4 sum{};
    for (std::int64_t k = 0; k < across_.count[i]; ++k, from += 3) {
      Vector4 pixel;
      std::memcpy(&pixel, from, sizeof pixel);
      sum += weight[k] * pixel;
    }
    for (int c = 0; c < 3; ++c) target[c] = to_byte(sum[c]);
  }
}

void Resampler::run(const std::uint8_t* source, Size source_size, RasterBox box, std::uint8_t* target, std::int64_t row_bytes,
                    Size target_size) {
  across_.cut(box.x0, box.x1, source_size.width, target_size.width);
  down_.cut(box.y0, box.y1, source_size.height, target_size.height);
  row_.assign((across_.end - across_.begin) * 3 + 1, 0);  // the last pixel's vector reads one float further
  for (std::int64_t y = 0; y < target_size.height; ++y) {
    sum_rows(source, source_size.width, y);
    sum_columns(target + y * row_bytes);
  }
}

}  // namespace microtome
