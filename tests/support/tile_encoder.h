// SPDX-License-Identifier: Apache-2.0
// One tile's pixels to stored bytes, by the codec's own library. Each throws std::runtime_error.
#pragma once

#include "tests/support/tiff_slide.h"

namespace microtome {

/// A picture of interleaved 8-bit samples.
struct TilePixels {
  Size size;
  int samples = 3;
  Bytes bytes;
};

/// Abbreviated (with_tables false) or complete.
Bytes encode_jpeg_tile(const TilePixels& tile, const JpegTileSettings& settings, bool with_tables);
/// The abbreviated stream of tables that JPEGTables holds.
Bytes encode_jpeg_tables(const JpegTileSettings& settings, int samples);
/// What libjpeg itself makes of a tile: how many warnings it gives from the first byte to the end of the image, or -1 where it gives up.
int jpeg_warnings(const Bytes& tables, const Bytes& tile, int width, int height);

/// A raw code stream. `ycbcr` says what is stored; the pixels handed in are RGB.
Bytes encode_jpeg2000_tile(const TilePixels& tile, const Jpeg2000TileSettings& settings, bool ycbcr);

/// Deflate, LZW (through libtiff) or the bytes themselves.
Bytes encode_tiff_tile(const TilePixels& tile, TiffCodec codec, bool predictor);

}  // namespace microtome
