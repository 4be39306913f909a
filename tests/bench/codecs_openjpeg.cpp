// SPDX-License-Identifier: Apache-2.0
#include <openjpeg.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "tests/bench/codecs.h"

namespace microtome {
namespace {

using Codec = std::unique_ptr<opj_codec_t, decltype(&opj_destroy_codec)>;
using Stream = std::unique_ptr<opj_stream_t, decltype(&opj_stream_destroy)>;
using Image = std::unique_ptr<opj_image_t, decltype(&opj_image_destroy)>;

void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(what);
}

// Memory as OpenJPEG wants to see a file.
struct Memory {
  std::span<const std::uint8_t> readable;
  std::vector<std::uint8_t> written;
  std::size_t at = 0;
};

OPJ_SIZE_T read_memory(void* to, OPJ_SIZE_T wanted, void* user) {
  auto& memory = *static_cast<Memory*>(user);
  const std::size_t n = std::min<std::size_t>(wanted, memory.readable.size() - memory.at);
  if (n == 0) return static_cast<OPJ_SIZE_T>(-1);
  std::memcpy(to, memory.readable.data() + memory.at, n);
  memory.at += n;
  return n;
}

OPJ_SIZE_T write_memory(void* from, OPJ_SIZE_T size, void* user) {
  auto& memory = *static_cast<Memory*>(user);
  memory.written.resize(std::max(memory.written.size(), memory.at + size));
  std::memcpy(memory.written.data() + memory.at, from, size);
  memory.at += size;
  return size;
}

OPJ_BOOL seek_memory(OPJ_OFF_T to, void* user) {
  static_cast<Memory*>(user)->at = static_cast<std::size_t>(to);
  return OPJ_TRUE;
}

OPJ_OFF_T skip_memory(OPJ_OFF_T by, void* user) {
  static_cast<Memory*>(user)->at += static_cast<std::size_t>(by);
  return by;
}

Stream stream_of(Memory& memory, bool reading) {
  Stream stream(opj_stream_create(1 << 16, reading), opj_stream_destroy);
  opj_stream_set_user_data(stream.get(), &memory, nullptr);
  opj_stream_set_user_data_length(stream.get(), memory.readable.size());
  opj_stream_set_read_function(stream.get(), read_memory);
  opj_stream_set_write_function(stream.get(), write_memory);
  opj_stream_set_seek_function(stream.get(), seek_memory);
  opj_stream_set_skip_function(stream.get(), skip_memory);
  return stream;
}

class BareJpeg2000 final : public BareDecoder {
 public:
  void decode(std::span<const std::uint8_t> stored, int reduction, std::uint8_t* rgb) override {
    Memory memory{stored, {}, 0};
    const Stream stream = stream_of(memory, true);
    const Codec codec(opj_create_decompress(OPJ_CODEC_J2K), opj_destroy_codec);
    opj_dparameters_t parameters;
    opj_set_default_decoder_parameters(&parameters);
    parameters.cp_reduce = static_cast<OPJ_UINT32>(reduction);
    require(opj_setup_decoder(codec.get(), &parameters), "a JPEG 2000 decoder cannot be set up");
    opj_image_t* made = nullptr;
    const bool known = opj_read_header(stream.get(), codec.get(), &made);
    const Image image(made, opj_image_destroy);
    require(known && opj_decode(codec.get(), stream.get(), image.get()), "a JPEG 2000 tile is damaged");
    require(image->numcomps == 3, "a JPEG 2000 tile has no three components");
    interleave(*image, rgb);
  }

 private:
  static void interleave(const opj_image_t& image, std::uint8_t* rgb) {
    const std::size_t pixels = std::size_t{image.comps[0].w} * image.comps[0].h;
    const OPJ_INT32 *r = image.comps[0].data, *g = image.comps[1].data, *b = image.comps[2].data;
    for (std::size_t i = 0; i < pixels; ++i) {
      rgb[3 * i] = static_cast<std::uint8_t>(std::clamp(r[i], 0, 255));
      rgb[3 * i + 1] = static_cast<std::uint8_t>(std::clamp(g[i], 0, 255));
      rgb[3 * i + 2] = static_cast<std::uint8_t>(std::clamp(b[i], 0, 255));
    }
  }
};

Image image_of(std::span<const std::uint8_t> rgb, int side) {
  opj_image_cmptparm_t parts[3] = {};
  for (auto& part : parts) {
    part.dx = part.dy = 1;
    part.w = part.h = static_cast<OPJ_UINT32>(side);
    part.prec = 8;
  }
  Image image(opj_image_create(3, parts, OPJ_CLRSPC_SRGB), opj_image_destroy);
  image->x1 = image->y1 = static_cast<OPJ_UINT32>(side);
  for (std::size_t i = 0; i < rgb.size(); ++i) image->comps[i % 3].data[i / 3] = rgb[i];
  return image;
}

}  // namespace

std::unique_ptr<BareDecoder> make_bare_jpeg2000() { return std::make_unique<BareJpeg2000>(); }

std::vector<std::uint8_t> encode_jpeg2000(std::span<const std::uint8_t> rgb, int side, double ratio) {
  opj_cparameters_t parameters;
  opj_set_default_encoder_parameters(&parameters);
  parameters.irreversible = 1;
  parameters.tcp_mct = 1;
  parameters.numresolution = 5;
  parameters.cp_disto_alloc = 1;
  parameters.tcp_numlayers = 1;
  parameters.tcp_rates[0] = static_cast<float>(ratio);
  const Image image = image_of(rgb, side);
  const Codec codec(opj_create_compress(OPJ_CODEC_J2K), opj_destroy_codec);
  Memory memory;
  {
    const Stream stream = stream_of(memory, false);
    const bool done = opj_setup_encoder(codec.get(), &parameters, image.get()) &&
                      opj_start_compress(codec.get(), image.get(), stream.get()) && opj_encode(codec.get(), stream.get()) &&
                      opj_end_compress(codec.get(), stream.get());
    require(done, "a JPEG 2000 tile cannot be encoded");
  }
  return memory.written;
}

}  // namespace microtome
