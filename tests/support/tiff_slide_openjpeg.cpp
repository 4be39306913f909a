// SPDX-License-Identifier: Apache-2.0
// Tiles as OpenJPEG compresses them into raw code streams, as Aperio stores them.
#include <openjpeg.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <stdexcept>

#include "tests/support/tile_encoder.h"

namespace microtome {
namespace {

using Image = std::unique_ptr<opj_image_t, decltype(&opj_image_destroy)>;
using Codec = std::unique_ptr<opj_codec_t, decltype(&opj_destroy_codec)>;
using Stream = std::unique_ptr<opj_stream_t, decltype(&opj_stream_destroy)>;

// Full-range BT.601, as JPEG has it.
double stored_value(const std::uint8_t* rgb, int component, bool ycbcr) {
  constexpr double weights[3][4] = {{0.299, 0.587, 0.114, 0}, {-0.168736, -0.331264, 0.5, 128}, {0.5, -0.418688, -0.081312, 128}};
  if (!ycbcr) return rgb[component];
  const auto& w = weights[component];
  return w[0] * rgb[0] + w[1] * rgb[1] + w[2] * rgb[2] + w[3];
}

void fill(opj_image_comp_t& target, const TilePixels& tile, int component, bool ycbcr) {
  for (OPJ_UINT32 y = 0; y < target.h; ++y) {
    for (OPJ_UINT32 x = 0; x < target.w; ++x) {
      double sum = 0;
      for (OPJ_UINT32 i = 0; i < target.dx; ++i) {
        const auto column = std::min<std::int64_t>(x * target.dx + i, tile.size.width - 1);
        sum += stored_value(&tile.bytes[(y * tile.size.width + column) * 3], component, ycbcr);
      }
      target.data[y * target.w + x] = static_cast<OPJ_INT32>(std::clamp(std::lround(sum / target.dx), 0l, 255l));
    }
  }
}

Image make_image(const TilePixels& tile, int across, bool ycbcr) {
  opj_image_cmptparm_t components[3] = {};
  for (int c = 0; c < 3; ++c) {
    components[c].dx = c ? static_cast<OPJ_UINT32>(across) : 1;
    components[c].dy = 1;
    components[c].w = (static_cast<OPJ_UINT32>(tile.size.width) + components[c].dx - 1) / components[c].dx;
    components[c].h = static_cast<OPJ_UINT32>(tile.size.height);
    components[c].prec = 8;
  }
  Image image(opj_image_create(3, components, ycbcr ? OPJ_CLRSPC_SYCC : OPJ_CLRSPC_SRGB), &opj_image_destroy);
  if (!image) throw std::runtime_error("no JPEG 2000 image for a test");
  image->x1 = static_cast<OPJ_UINT32>(tile.size.width);
  image->y1 = static_cast<OPJ_UINT32>(tile.size.height);
  for (int c = 0; c < 3; ++c) fill(image->comps[c], tile, c, ycbcr);
  return image;
}

struct Output {
  Bytes bytes;
  std::size_t at = 0;
};

OPJ_SIZE_T write(void* from, OPJ_SIZE_T count, void* to) {
  auto& out = *static_cast<Output*>(to);
  out.bytes.resize(std::max(out.bytes.size(), out.at + count));
  std::copy_n(static_cast<const std::uint8_t*>(from), count, &out.bytes[out.at]);
  out.at += count;
  return count;
}

OPJ_OFF_T skip(OPJ_OFF_T count, void* to) {
  static_cast<Output*>(to)->at += static_cast<std::size_t>(count);
  return count;
}

OPJ_BOOL seek(OPJ_OFF_T at, void* to) {
  static_cast<Output*>(to)->at = static_cast<std::size_t>(at);
  return OPJ_TRUE;
}

Stream stream_to(Output& out) {
  Stream stream(opj_stream_default_create(OPJ_FALSE), &opj_stream_destroy);
  opj_stream_set_write_function(stream.get(), write);
  opj_stream_set_skip_function(stream.get(), skip);
  opj_stream_set_seek_function(stream.get(), seek);
  opj_stream_set_user_data(stream.get(), &out, nullptr);
  return stream;
}

opj_cparameters_t parameters_of(const Jpeg2000TileSettings& settings, bool ycbcr) {
  opj_cparameters_t parameters;
  opj_set_default_encoder_parameters(&parameters);
  parameters.numresolution = settings.resolutions;
  parameters.irreversible = settings.reversible ? 0 : 1;
  parameters.tcp_numlayers = 1;
  parameters.tcp_rates[0] = settings.reversible ? 0 : 4;
  parameters.cp_disto_alloc = 1;
  parameters.tcp_mct = ycbcr ? 0 : 1;
  return parameters;
}

}  // namespace

Bytes encode_jpeg2000_tile(const TilePixels& tile, const Jpeg2000TileSettings& settings, bool ycbcr) {
  if (tile.samples != 3) throw std::runtime_error("JPEG 2000 tiles of tests are RGB");
  const Image image = make_image(tile, settings.across, ycbcr);
  const Codec codec(opj_create_compress(OPJ_CODEC_J2K), &opj_destroy_codec);
  opj_cparameters_t parameters = parameters_of(settings, ycbcr);
  Output out;
  const Stream stream = stream_to(out);
  const bool good = opj_setup_encoder(codec.get(), &parameters, image.get()) && opj_start_compress(codec.get(), image.get(), stream.get()) &&
                    opj_encode(codec.get(), stream.get()) && opj_end_compress(codec.get(), stream.get());
  if (!good) throw std::runtime_error("OpenJPEG refuses what a test wants");
  return out.bytes;
}

}  // namespace microtome
