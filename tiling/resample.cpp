// SPDX-License-Identifier: Apache-2.0
// Rows are summed first, because that runs over whole rows at once; then each row's columns, one pixel (with its neighbour's red as
// ballast) to a vector of four.
#include "tiling/resample.h"

#include <emmintrin.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace microtome {
namespace {

using Vector4 = __m128;  // SSE2, which every x86-64 has

// The four floats from `from` on, weighted.
Vector4 weighted(const float* from, float weight) {
  Vector4 pixel;
  std::memcpy(&pixel, from, sizeof pixel);
  return weight * pixel;
}

// Means of bytes are bytes: nothing to clamp, only to round. Four bytes in one word.
std::int32_t rounded(Vector4 sum) {
  const __m128i whole = _mm_cvttps_epi32(sum + 0.5f);
  const __m128i words = _mm_packs_epi32(whole, whole);
  return _mm_cvtsi128_si32(_mm_packus_epi16(words, words));
}

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
  const float* weights = &down_.weights[target_row * down_.taps];
  float* row = row_.data();
  for (std::int64_t i = 0; i < length; ++i) row[i] = weights[0] * from[i];
  for (std::int64_t k = 1; k < down_.count[target_row]; ++k) {
    from += source_width * 3;
    for (std::int64_t i = 0; i < length; ++i) row[i] += weights[k] * from[i];
  }
}

void Resampler::sum_columns(std::uint8_t* target) const {
  const float* weights = across_.weights.data();
  const std::size_t columns = across_.first.size();
  for (std::size_t i = 0; i < columns; ++i, target += 3, weights += across_.taps) {
    const float* from = row_.data() + (across_.first[i] - across_.begin) * 3;
    Vector4 sum = weighted(from, weights[0]);
    for (std::int64_t k = 1; k < across_.count[i]; ++k) sum += weighted(from + 3 * k, weights[k]);
    const std::int32_t pixel = rounded(sum);
    // the ballast is overwritten by the next pixel; the row's last pixel has none
    std::memcpy(target, &pixel, i + 1 < columns ? 4 : 3);
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
