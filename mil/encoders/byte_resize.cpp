// SPDX-License-Identifier: Apache-2.0
#include "mil/encoders/byte_resize.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <cmath>

namespace microtome {
namespace {

constexpr int kBits = 22;
constexpr std::int32_t kOne = 1 << kBits, kHalf = 1 << (kBits - 1);

double kernel(double x, Interpolation interpolation) {
  x = std::abs(x);
  if (interpolation == Interpolation::bilinear) return x < 1 ? 1 - x : 0;
  constexpr double a = -0.5;
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

std::uint8_t grey_level(std::int32_t sum) { return static_cast<std::uint8_t>(std::clamp((sum + kHalf) >> kBits, 0, 255)); }

/// One row of RGB: each new pixel is a weighted sum of `taps` neighbours.
void shrink_row(const std::uint8_t* row, std::int64_t new_side, std::int64_t taps, const std::int32_t* first, const std::int32_t* weights,
                std::uint8_t* out) {
  for (std::int64_t x = 0; x < new_side; ++x, weights += taps, out += 3) {
    const std::uint8_t* pixel = row + 3 * std::int64_t{first[x]};
    std::int32_t r = 0, g = 0, b = 0;
    for (std::int64_t tap = 0; tap < taps; ++tap, pixel += 3) {
      r += weights[tap] * pixel[0];
      g += weights[tap] * pixel[1];
      b += weights[tap] * pixel[2];
    }
    out[0] = grey_level(r);
    out[1] = grey_level(g);
    out[2] = grey_level(b);
  }
}

}  // namespace

ByteResize::ByteResize(int side, int new_side, Interpolation interpolation, at::Device device, bool with_torch)
    : side_(side), new_side_(new_side) {
  const double scale = static_cast<double>(side) / new_side, widened = std::max(scale, 1.0), narrowed = 1 / widened;
  const double support = (interpolation == Interpolation::bicubic ? 2 : 1) * widened;
  taps_ = std::min<std::int64_t>(static_cast<std::int64_t>(std::ceil(support)) * 2 + 1, side);
  weights_.assign(static_cast<std::size_t>(new_side_ * taps_), 0);
  for (std::int64_t x = 0; x < new_side_; ++x) {
    const double center = (static_cast<double>(x) + 0.5) * scale;
    const auto begin = std::max<std::int64_t>(static_cast<std::int64_t>(center - support + 0.5), 0);
    const auto end = std::min<std::int64_t>(static_cast<std::int64_t>(center + support + 0.5), side);
    std::vector<double> exact;
    double sum = 0;
    for (std::int64_t i = begin; i < end; ++i) sum += exact.emplace_back(kernel((static_cast<double>(i) - center + 0.5) * narrowed, interpolation));
    // so that all taps lie within the row: those before `begin` weigh nothing
    const std::int64_t first = std::min(begin, side - taps_);
    first_.push_back(static_cast<std::int32_t>(first));
    for (std::int64_t i = begin; i < end; ++i) {
      const double weight = exact[static_cast<std::size_t>(i - begin)] / sum * kOne;
      weights_[static_cast<std::size_t>(x * taps_ + i - first)] = static_cast<std::int32_t>(weight < 0 ? weight - 0.5 : weight + 0.5);
    }
  }
  if (!with_torch) return;
  const at::Tensor first = at::tensor(at::ArrayRef<std::int32_t>(first_)).to(at::kLong);
  const at::Tensor weights = at::tensor(at::ArrayRef<std::int32_t>(weights_)).to(at::kInt).reshape({new_side_, taps_});
  for (std::int64_t tap = 0; tap < taps_; ++tap) {
    index_.push_back(first.add(tap).to(device));
    weight_.push_back(weights.select(1, tap).to(device));
  }
}

at::Tensor ByteResize::operator()(const at::Tensor& tiles) const {
  TORCH_CHECK(tiles.dim() == 4 && tiles.is_contiguous() && tiles.scalar_type() == at::kByte && tiles.size(1) == side_ && tiles.size(2) == side_ &&
                  tiles.size(3) == 3,
              "wanted bytes of ", side_, " x ", side_, " x 3: found ", tiles.sizes());
  return index_.empty() ? on_cpu(tiles) : along(along(tiles, 2), 1);
}

at::Tensor ByteResize::on_cpu(const at::Tensor& tiles) const {
  const at::Tensor out = at::empty({tiles.size(0), new_side_, new_side_, 3}, tiles.options());
  const auto width = static_cast<std::size_t>(3 * new_side_);
  std::vector<std::uint8_t> rows(static_cast<std::size_t>(side_) * width);
  std::vector<std::int32_t> sums(width);
  const std::uint8_t* in = tiles.const_data_ptr<std::uint8_t>();
  auto* to = out.mutable_data_ptr<std::uint8_t>();
  for (std::int64_t tile = 0; tile < tiles.size(0); ++tile) {
    for (std::int64_t y = 0; y < side_; ++y, in += 3 * side_)
      shrink_row(in, new_side_, taps_, first_.data(), weights_.data(), rows.data() + static_cast<std::size_t>(y) * width);
    for (std::int64_t y = 0; y < new_side_; ++y, to += width) {
      std::fill(sums.begin(), sums.end(), 0);
      for (std::int64_t tap = 0; tap < taps_; ++tap) {
        const std::int32_t weight = weights_[static_cast<std::size_t>(y * taps_ + tap)];
        const std::uint8_t* row = rows.data() + static_cast<std::size_t>(first_[static_cast<std::size_t>(y)] + tap) * width;
        for (std::size_t i = 0; i < width; ++i) sums[i] += weight * row[i];
      }
      std::transform(sums.begin(), sums.end(), to, grey_level);
    }
  }
  return out;
}

/// The same sums with torch's kernels, for devices whose own loops we do not write.
at::Tensor ByteResize::along(const at::Tensor& tiles, std::int64_t dimension) const {
  std::vector<std::int64_t> shape{1, 1, 1, 1};
  shape[static_cast<std::size_t>(dimension)] = new_side_;
  at::Tensor sum;
  for (std::size_t tap = 0; tap < index_.size(); ++tap) {
    const at::Tensor part = tiles.index_select(dimension, index_[tap]).to(at::kInt).mul_(weight_[tap].reshape(shape));
    sum = tap == 0 ? part : sum.add_(part);
  }
  return sum.add_(kHalf).bitwise_right_shift_(kBits).clamp_(0, 255).to(at::kByte);
}

}  // namespace microtome
