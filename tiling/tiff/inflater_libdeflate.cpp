// SPDX-License-Identifier: Apache-2.0
#include <libdeflate.h>

#include "tiling/tiff/inflater.h"

namespace microtome {

struct Inflater::State {
  std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)> decompressor{libdeflate_alloc_decompressor(),
                                                                                                 &libdeflate_free_decompressor};
};

Inflater::Inflater() : state_(std::make_unique<State>()) {}
Inflater::~Inflater() = default;

std::string Inflater::inflate(std::span<const std::uint8_t> stored, std::span<std::uint8_t> samples) {
  std::size_t used = 0;  // asked for, so that what follows the stream is no error
  switch (libdeflate_zlib_decompress_ex(state_->decompressor.get(), stored.data(), stored.size(), samples.data(), samples.size(), &used,
                                        nullptr)) {
    case LIBDEFLATE_SUCCESS:
      return {};
    case LIBDEFLATE_SHORT_OUTPUT:
      return "the deflated bytes are less than a tile";
    case LIBDEFLATE_INSUFFICIENT_SPACE:
      return "the deflated bytes are more than a tile";
    default:
      return "the deflated bytes or their checksum are wrong";
  }
}

}  // namespace microtome
