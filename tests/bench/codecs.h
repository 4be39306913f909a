// SPDX-License-Identifier: Apache-2.0
// The bare libraries under a reader: the floor of its benchmarks, and what makes the slides for them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace microtome {

/// Decodes stored tiles of one kind to rows of RGB without gaps. Throws std::runtime_error.
class BareDecoder {
 public:
  virtual ~BareDecoder() = default;
  /// At 1/2^reduction. `rgb` has room for the whole tile.
  virtual void decode(std::span<const std::uint8_t> stored, int reduction, std::uint8_t* rgb) = 0;
};

/// libjpeg. The tiles are abbreviated streams that need `tables`; `is_rgb`: their components are RGB, not YCbCr.
std::unique_ptr<BareDecoder> make_bare_jpeg(std::span<const std::uint8_t> tables, bool is_rgb);

/// OpenJPEG. The tiles are codestreams of RGB.
std::unique_ptr<BareDecoder> make_bare_jpeg2000();

/// Encodes `side` x `side` pixels of RGB as abbreviated YCbCr 4:2:0 streams; `tables` is what they have in common.
class JpegEncoder {
 public:
  JpegEncoder(int side, int quality);
  ~JpegEncoder();
  const std::vector<std::uint8_t>& tables() const;
  std::vector<std::uint8_t> encode(std::span<const std::uint8_t> rgb);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A codestream: irreversible wavelets, colour transform, five resolutions, 1/ratio of the raw size.
std::vector<std::uint8_t> encode_jpeg2000(std::span<const std::uint8_t> rgb, int side, double ratio);

}  // namespace microtome
