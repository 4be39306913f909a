// SPDX-License-Identifier: Apache-2.0
// Resampling of bytes as PIL does it, which is what the authors of most encoders resized their tiles with: every bit of it. Internal to mil/:
// torch types.
// Method: PIL's Image.resize with antialias. The kernel is widened by the scale when pixels become fewer; its weights are whole numbers of 2^-22;
// first along rows, rounded to grey levels (halves up) and cut to 0..255, then along columns in the same way. torch's own kernels take other
// weights (16 bits on the CPU, floats elsewhere) and are up to 2 levels off.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "mil/encoders/preprocessing.h"

namespace microtome {

/// Made once per device and shared by threads; calls are const and thread-safe.
class ByteResize {
 public:
  /// with_torch: by torch's kernels, as devices need it.
  ByteResize(int side, int new_side, Interpolation interpolation, at::Device device, bool with_torch);
  ByteResize(int side, int new_side, Interpolation interpolation, at::Device device)
      : ByteResize(side, new_side, interpolation, device, !device.is_cpu()) {}

  /// uint8 (B, side, side, 3) to (B, new_side, new_side, 3), both contiguous, on the device and on the calling thread. The CPU takes about as long
  /// as decoding the tile's JPEG; elsewhere some two kernels a tap and direction, whole numbers of 32 bits.
  at::Tensor operator()(const at::Tensor& tiles) const;

 private:
  at::Tensor on_cpu(const at::Tensor& tiles) const;
  at::Tensor along(const at::Tensor& tiles, std::int64_t dimension) const;

  std::int64_t side_ = 0, new_side_ = 0, taps_ = 0;
  std::vector<std::int32_t> first_;    // (new_side): index of the first byte that counts
  std::vector<std::int32_t> weights_;  // (new_side, taps), in units of 2^-22; 0 behind the last
  std::vector<at::Tensor> index_, weight_;  // elsewhere: one pair a tap, int64 (new_side) and int32 (new_side)
};

}  // namespace microtome
