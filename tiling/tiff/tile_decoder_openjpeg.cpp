// SPDX-License-Identifier: Apache-2.0
// JPEG 2000 through OpenJPEG, as Aperio stores it: bare codestreams of RGB (33005) or YCbCr (33003, chroma often halved).
#include <openjpeg.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "tiling/tiff/tile_decoder.h"

namespace microtome {
namespace {

struct Memory {
  std::span<const std::uint8_t> bytes;
  std::size_t at = 0;
};

OPJ_SIZE_T read(void* buffer, OPJ_SIZE_T count, void* data) {
  Memory& memory = *static_cast<Memory*>(data);
  const std::size_t left = memory.bytes.size() - memory.at;
  if (left == 0) return static_cast<OPJ_SIZE_T>(-1);
  const std::size_t taken = std::min<std::size_t>(count, left);
  std::memcpy(buffer, memory.bytes.data() + memory.at, taken);
  memory.at += taken;
  return taken;
}

OPJ_OFF_T skip(OPJ_OFF_T count, void* data) {
  Memory& memory = *static_cast<Memory*>(data);
  if (count < 0 || static_cast<std::size_t>(count) > memory.bytes.size() - memory.at) return -1;
  memory.at += static_cast<std::size_t>(count);
  return count;
}

OPJ_BOOL seek(OPJ_OFF_T offset, void* data) {
  Memory& memory = *static_cast<Memory*>(data);
  if (offset < 0 || static_cast<std::size_t>(offset) > memory.bytes.size()) return OPJ_FALSE;
  memory.at = static_cast<std::size_t>(offset);
  return OPJ_TRUE;
}

void keep(const char* message, void* data) {
  std::string& text = *static_cast<std::string*>(data);
  if (!text.empty()) return;
  text = message;
  while (!text.empty() && text.back() == '\n') text.pop_back();
}

void drop(const char*, void*) {}

using Stream = std::unique_ptr<opj_stream_t, decltype(&opj_stream_destroy)>;
using Codec = std::unique_ptr<opj_codec_t, decltype(&opj_destroy_codec)>;
using Image = std::unique_ptr<opj_image_t, decltype(&opj_image_destroy)>;

Stream stream_over(Memory& memory) {
  Stream stream(opj_stream_create(std::max<std::size_t>(memory.bytes.size(), 64), OPJ_TRUE), &opj_stream_destroy);
  opj_stream_set_user_data(stream.get(), &memory, nullptr);
  opj_stream_set_user_data_length(stream.get(), memory.bytes.size());
  opj_stream_set_read_function(stream.get(), read);
  opj_stream_set_skip_function(stream.get(), skip);
  opj_stream_set_seek_function(stream.get(), seek);
  return stream;
}

// YCbCr to RGB as JPEG has it (ITU-T T.871), in libjpeg's 16-bit fixed point, so that both codecs give the same bytes.
struct YcbcrTables {
  std::array<int, 256> r_cr{}, b_cb{}, g_cr{}, g_cb{};
  YcbcrTables() {
    const auto fixed = [](double x) { return static_cast<int>(x * 65536 + 0.5); };
    for (int i = 0; i < 256; ++i) {
      const int x = i - 128;
      r_cr[i] = (fixed(1.40200) * x + 32768) >> 16;
      b_cb[i] = (fixed(1.77200) * x + 32768) >> 16;
      g_cr[i] = -fixed(0.71414) * x;
      g_cb[i] = -fixed(0.34414) * x + 32768;
    }
  }
};

std::uint8_t byte(int value) { return static_cast<std::uint8_t>(std::clamp(value, 0, 255)); }

void write_ycbcr(int y, int cb, int cr, std::uint8_t* rgb) {
  static const YcbcrTables kTables;
  rgb[0] = byte(y + kTables.r_cr[cr]);
  rgb[1] = byte(y + ((kTables.g_cb[cb] + kTables.g_cr[cr]) >> 16));
  rgb[2] = byte(y + kTables.b_cb[cb]);
}

// One colour plane; a plane of half the width gives each sample twice.
struct Plane {
  const OPJ_INT32* data = nullptr;
  std::int64_t width = 0, height = 0;
  const OPJ_INT32* row(std::int64_t y, std::int64_t rows) const { return data + std::min(height - 1, y * height / rows) * width; }
};

std::string check(const opj_image_t& image, Size size) {
  if (image.numcomps != 3) return "the stored JPEG 2000 has another number of colours than three";
  for (OPJ_UINT32 c = 0; c < 3; ++c) {
    const opj_image_comp_t& plane = image.comps[c];
    if (!plane.data || plane.prec != 8 || plane.sgnd) return "the stored JPEG 2000 has samples that are not 8 bits wide and unsigned";
    const bool full = plane.w == size.width && plane.h == size.height;
    const bool part = c > 0 && plane.w > 0 && plane.h > 0 && plane.w <= size.width && plane.h <= size.height;
    if (!full && !part) return "the stored JPEG 2000 has another size than the tile";
  }
  return {};
}

class Jpeg2000Decoder : public TileDecoder {
 public:
  explicit Jpeg2000Decoder(const TiffImage& image) : image_(image) {}

  std::string decode(std::span<const std::uint8_t> stored, int reduction, std::uint8_t* rgb, std::int64_t row_bytes) override {
    std::string error;
    const Image image = decode_planes(stored, reduction, error);
    if (!error.empty()) return error;
    const Size size{(image_.tile.width + (1 << reduction) - 1) >> reduction, (image_.tile.height + (1 << reduction) - 1) >> reduction};
    if (error = check(*image, size); error.empty()) write(*image, size, rgb, row_bytes);
    return error;
  }

 private:
  static Image decode_planes(std::span<const std::uint8_t> stored, int reduction, std::string& error) {
    Memory memory{stored};
    const Stream stream = stream_over(memory);
    const Codec codec(opj_create_decompress(OPJ_CODEC_J2K), &opj_destroy_codec);
    opj_set_error_handler(codec.get(), keep, &error);
    opj_set_warning_handler(codec.get(), drop, nullptr);
    opj_set_info_handler(codec.get(), drop, nullptr);
    opj_dparameters_t parameters;
    opj_set_default_decoder_parameters(&parameters);
    parameters.cp_reduce = static_cast<OPJ_UINT32>(reduction);
    opj_image_t* raw = nullptr;
    bool good = opj_setup_decoder(codec.get(), &parameters) && opj_read_header(stream.get(), codec.get(), &raw);
    Image image(raw, &opj_image_destroy);
    // what OpenJPEG only warns of while it decodes, it has made up
    opj_set_warning_handler(codec.get(), keep, &error);
    good = good && opj_decode(codec.get(), stream.get(), raw) && opj_end_decompress(codec.get(), stream.get());
    if (!good && error.empty()) error = "OpenJPEG cannot decode the bytes";
    return image;
  }

  void write(const opj_image_t& image, Size size, std::uint8_t* rgb, std::int64_t row_bytes) const {
    std::array<Plane, 3> planes;
    for (int c = 0; c < 3; ++c) planes[c] = {image.comps[c].data, image.comps[c].w, image.comps[c].h};
    const bool ycbcr = image_.colour == TileColour::ycbcr;
    for (std::int64_t y = 0; y < size.height; ++y) {
      const OPJ_INT32* a = planes[0].row(y, size.height);
      const OPJ_INT32* b = planes[1].row(y, size.height);
      const OPJ_INT32* c = planes[2].row(y, size.height);
      std::uint8_t* target = rgb + y * row_bytes;
      for (std::int64_t x = 0; x < size.width; ++x, target += 3) {
        const int values[3] = {a[x], b[x * planes[1].width / size.width], c[x * planes[2].width / size.width]};
        if (ycbcr) {
          write_ycbcr(byte(values[0]), byte(values[1]), byte(values[2]), target);
        } else {
          for (int i = 0; i < 3; ++i) target[i] = byte(values[i]);
        }
      }
    }
  }

  const TiffImage& image_;
};

}  // namespace

std::unique_ptr<TileDecoder> make_jpeg2000_decoder(const TiffImage& image) { return std::make_unique<Jpeg2000Decoder>(image); }

std::string jpeg2000_library() { return std::string("openjpeg ") + opj_version(); }

}  // namespace microtome
