// SPDX-License-Identifier: Apache-2.0
// A batch of tiles to the images that a network sees, on the network's device. Internal to mil/: torch types.
// Against the authors' transform (torchvision on PIL images): every bit, on every device; behind ToTensor, where Resize works on floats, 1e-6.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <optional>

#include "mil/encoders/byte_resize.h"
#include "mil/encoders/preprocessing.h"

namespace microtome {

/// Made once per device and shared by threads; calls are const and thread-safe.
class ImageBatch {
 public:
  /// tile_px: side of the tiles; dtype: of the images.
  ImageBatch(const Preprocessing& preprocessing, int tile_px, at::Device device, at::ScalarType dtype);

  /// tiles: uint8 (B, tile_px, tile_px, 3) on the device. Images (B, 3, side, side) of the dtype, channels-last in memory, normalised in float32
  /// before they become another dtype. On the CPU one pass over the bytes (a table of 256 floats a channel: the same bits as the arithmetic);
  /// elsewhere a few kernels, nothing on the host.
  at::Tensor operator()(const at::Tensor& tiles) const;

  /// Side of the images.
  std::int64_t side() const { return side_; }

 private:
  Preprocessing preprocessing_;
  std::int64_t side_ = 0;
  std::optional<ByteResize> resize_;
  at::Tensor table_;           // CPU: (3, 256) of the dtype
  at::Tensor mean_, std_;      // elsewhere: (1, 3, 1, 1) float on the device
  at::ScalarType dtype_;
};

}  // namespace microtome
