// SPDX-License-Identifier: Apache-2.0
// Which codec a tile needs, and how far it can reduce.
#include "tiling/tiff/tile_decoder.h"

#include <algorithm>
#include <array>

namespace microtome {
namespace {

constexpr int kMostReduction = 3;  // 1/8: what JPEG's 8 x 8 blocks allow

// Wavelet decompositions as the COD segment of a codestream's main header says (ISO 15444-1, A.6.1).
int decompositions(std::span<const std::uint8_t> stream) {
  const auto word = [&](std::size_t at) { return stream[at] << 8 | stream[at + 1]; };
  for (std::size_t at = 2; at + 10 <= stream.size() && word(at) != 0xff90;) {
    if (word(at) == 0xff52) return stream[at + 9];
    at += 2 + static_cast<std::size_t>(word(at + 2));
  }
  return 0;
}

int decompositions_of_first_tile(const TiffImage& image, const ByteSource& bytes) {
  for (std::size_t i = 0; i < image.byte_counts.size(); ++i) {
    if (image.byte_counts[i] == 0 || image.offsets[i] >= static_cast<std::uint64_t>(bytes.size())) continue;
    std::array<std::uint8_t, 4096> head{};
    const auto wanted = std::min<std::uint64_t>(head.size(), image.byte_counts[i]);
    const auto got = bytes.read(static_cast<std::int64_t>(image.offsets[i]), std::span(head).first(wanted));
    return decompositions(std::span(head).first(static_cast<std::size_t>(got)));
  }
  return 0;
}

bool divides(const TiffImage& image, int reduction) {
  const std::int64_t step = std::int64_t{1} << reduction;
  return image.tile.width % step == 0 && image.tile.height % step == 0;
}

}  // namespace

int most_reduction(const TiffImage& image, const ByteSource& bytes) {
  if (image.codec == TileCodec::libtiff) return 0;
  int most = image.codec == TileCodec::jpeg ? kMostReduction : std::min(kMostReduction, decompositions_of_first_tile(image, bytes));
  while (most > 0 && !divides(image, most)) --most;
  return most;
}

std::string codec_library(TileCodec codec) {
  switch (codec) {
    case TileCodec::jpeg:
      return jpeg_library();
    case TileCodec::jpeg2000:
      return jpeg2000_library();
    default:
      return libtiff_library();
  }
}

std::unique_ptr<TileDecoder> make_tile_decoder(const TiffImage& image, const ByteSource& bytes, Rgb background) {
  switch (image.codec) {
    case TileCodec::jpeg:
      return make_jpeg_decoder(image);
    case TileCodec::jpeg2000:
      return make_jpeg2000_decoder(image);
    default:
      return make_libtiff_decoder(image, bytes, background);
  }
}

}  // namespace microtome
