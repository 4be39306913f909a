// SPDX-License-Identifier: Apache-2.0
// Rows are summed first, because that runs over whole rows at once; then each row's columns, one pixel (with its neighbour's red as
// ballast) to a vector of four.
#include "tiling/resample.h"

#include <emmintrin.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

namespace microtome {
namespace {

// Newer processors get the same arithmetic in wider registers, and so the same bits (no fused multiplication).
// ThreadSanitizer crashes when the loader chooses before its runtime is up.
#ifdef __SANITIZE_THREAD__
#define MICROTOME_FOR_EACH_PROCESSOR
#else
#define MICROTOME_FOR_EACH_PROCESSOR __attribute__((target_clones("avx2", "default")))
#endif

constexpr int kColumnsAtOnce = 32;

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
  const auto bounds = [&](std::int64_t i) {
    const double centre = box0 + (static_cast<double>(i) + 0.5) * scale;
    return std::pair(centre - half, centre + half);
  };
  begin = source;
  end = 0;
  taps = 0;
  first.resize(target);
  count.resize(target);
  for (std::int64_t i = 0; i < target; ++i) {
    const auto [from, to] = bounds(i);
    first[i] = std::clamp(static_cast<std::int64_t>(std::floor(from)), std::int64_t{0}, source - 1);
    count[i] = std::clamp(static_cast<std::int64_t>(std::ceil(to)), first[i] + 1, source) - first[i];
    begin = std::min(begin, first[i]);
    end = std::max(end, first[i] + count[i]);
    taps = std::max(taps, static_cast<std::size_t>(count[i]));
  }
  weights.assign(taps * target, 0);
  for (std::int64_t i = 0; i < target; ++i) {
    const auto [from, to] = bounds(i);
    const auto share = [&, from = from, to = to](std::int64_t k) {
      const auto x = static_cast<double>(first[i] + k);
      return std::max(0.0, std::min(to, x + 1) - std::max(from, x));
    };
    float* run = &weights[i * taps];
    double sum = 0;
    for (std::int64_t k = 0; k < count[i]; ++k) sum += share(k);
    for (std::int64_t k = 0; k < count[i]; ++k) run[k] = sum > 0 ? static_cast<float>(share(k) / sum) : 0.0f;
    if (sum <= 0) run[0] = 1;  // wholly outside
  }
}

// All rows of a run are added up for a few columns at a time, which then stay in registers.
MICROTOME_FOR_EACH_PROCESSOR
void add_rows(const std::uint8_t* source, std::int64_t row_bytes, const float* weights, std::int64_t count, float* target,
              std::int64_t length) {
  std::int64_t i = 0;
  for (; i + kColumnsAtOnce <= length; i += kColumnsAtOnce) {
    float sums[kColumnsAtOnce];
    for (int c = 0; c < kColumnsAtOnce; ++c) sums[c] = weights[0] * source[i + c];
    for (std::int64_t k = 1; k < count; ++k) {
      const std::uint8_t* from = source + k * row_bytes + i;
      for (int c = 0; c < kColumnsAtOnce; ++c) sums[c] += weights[k] * from[c];
    }
    std::memcpy(target + i, sums, sizeof sums);
  }
  for (; i < length; ++i) {
    target[i] = 0;
    for (std::int64_t k = 0; k < count; ++k) target[i] += weights[k] * source[k * row_bytes + i];
  }
}

void Resampler::sum_rows(const std::uint8_t* source, std::int64_t source_width, std::int64_t target_row) {
  const std::uint8_t* from = source + (down_.first[target_row] * source_width + across_.begin) * 3;
  add_rows(from, source_width * 3, &down_.weights[target_row * down_.taps], down_.count[target_row], row_.data(),
           (across_.end - across_.begin) * 3);
}

// Taps is known when compiling for the scales that matter; 0 is any number.
template <std::size_t Taps>
void Resampler::sum_columns(std::uint8_t* target) const {
  const std::size_t taps = Taps ? Taps : across_.taps, columns = across_.first.size();
  const float* weights = across_.weights.data();
  for (std::size_t i = 0; i < columns; ++i, target += 3, weights += taps) {
    const float* from = row_.data() + (across_.first[i] - across_.begin) * 3;
    Vector4 sum = weighted(from, weights[0]);
    for (std::size_t k = 1; k < taps; ++k) sum += weighted(from + 3 * k, weights[k]);
    const std::int32_t pixel = rounded(sum);
    // the ballast is overwritten by the next pixel; the row's last pixel has none
    std::memcpy(target, &pixel, i + 1 < columns ? 4 : 3);
  }
}

void Resampler::sum_columns(std::uint8_t* target) const {
  switch (across_.taps) {
    case 2:
      return sum_columns<2>(target);
    case 3:
      return sum_columns<3>(target);
    case 4:
      return sum_columns<4>(target);
    default:
      return sum_columns<0>(target);
  }
}

void Resampler::run(const std::uint8_t* source, Size source_size, RasterBox box, std::uint8_t* target, std::int64_t row_bytes,
                    Size target_size) {
  across_.cut(box.x0, box.x1, source_size.width, target_size.width);
  down_.cut(box.y0, box.y1, source_size.height, target_size.height);
  // runs that end in zeros read further than the row, and a vector one float more
  row_.assign((across_.end - across_.begin + static_cast<std::int64_t>(across_.taps)) * 3 + 1, 0);
  for (std::int64_t y = 0; y < target_size.height; ++y) {
    sum_rows(source, source_size.width, y);
    sum_columns(target + y * row_bytes);
  }
}

}  // namespace microtome
