// SPDX-License-Identifier: Apache-2.0
// Stored bytes of one tile to RGB.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "tiling/tiff/tiff_directory.h"

namespace microtome {

/// Decodes tiles of one image. Holds the codec's state and work memory; one per thread.
class TileDecoder {
 public:
  virtual ~TileDecoder() = default;

  /// Decodes a stored tile at 1/2^reduction into rows of RGB that begin row_bytes apart: image.tile / 2^reduction pixels, the parts beyond
  /// the image's edge included. Returns what is wrong with the bytes; empty: nothing, and the pixels are good. A decoder that can still
  /// make something up from damaged bytes (JPEG) counts that as an error: nothing is invented.
  virtual std::string decode(std::span<const std::uint8_t> stored, int reduction, std::uint8_t* rgb, std::int64_t row_bytes) = 0;
};

/// What is handed over by reference must outlive the decoder. `background` lies under transparent pixels.
std::unique_ptr<TileDecoder> make_jpeg_decoder(const TiffImage& image);
std::unique_ptr<TileDecoder> make_jpeg2000_decoder(const TiffImage& image);
std::unique_ptr<TileDecoder> make_libtiff_decoder(const TiffImage& image, const ByteSource& bytes, Rgb background);
std::unique_ptr<TileDecoder> make_tile_decoder(const TiffImage& image, const ByteSource& bytes, Rgb background);

/// How often the codec can halve this image's tiles by itself: 0 for libtiff's codecs, at most 3. JPEG 2000 is asked of the first stored
/// tile.
int most_reduction(const TiffImage& image, const ByteSource& bytes);

/// "libjpeg-turbo 2.1.5" and the like: what decodes, for documents.
std::string codec_library(TileCodec codec);
std::string jpeg_library();
std::string jpeg2000_library();
std::string libtiff_library();

}  // namespace microtome
