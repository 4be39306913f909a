// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
// jpeglib.h needs stdio.h before it
#include <jpeglib.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

#include "tests/bench/codecs.h"

namespace microtome {
namespace {

void throw_error(j_common_ptr codec) {
  char message[JMSG_LENGTH_MAX];
  codec->err->format_message(codec, message);
  throw std::runtime_error(message);
}

void count_silently(j_common_ptr codec, int level) {
  if (level < 0) ++codec->err->num_warnings;
}

jpeg_error_mgr* set_up(jpeg_error_mgr& errors) {
  jpeg_std_error(&errors);
  errors.error_exit = throw_error;
  errors.emit_message = count_silently;
  return &errors;
}

class BareJpeg final : public BareDecoder {
 public:
  BareJpeg(std::span<const std::uint8_t> tables, bool is_rgb) : is_rgb_(is_rgb) {
    codec_.err = set_up(errors_);
    jpeg_create_decompress(&codec_);
    jpeg_mem_src(&codec_, tables.data(), tables.size());
    jpeg_read_header(&codec_, FALSE);
  }
  ~BareJpeg() override { jpeg_destroy_decompress(&codec_); }

  void decode(std::span<const std::uint8_t> stored, int reduction, std::uint8_t* rgb) override {
    jpeg_mem_src(&codec_, stored.data(), stored.size());
    jpeg_read_header(&codec_, TRUE);
    if (is_rgb_) codec_.jpeg_color_space = JCS_RGB;
    codec_.out_color_space = JCS_RGB;
    codec_.scale_num = 1;
    codec_.scale_denom = 1u << reduction;
    jpeg_start_decompress(&codec_);
    const std::size_t row_bytes = std::size_t{3} * codec_.output_width;
    rows_.resize(codec_.output_height);
    for (std::size_t y = 0; y < rows_.size(); ++y) rows_[y] = rgb + y * row_bytes;
    while (codec_.output_scanline < codec_.output_height) {
      jpeg_read_scanlines(&codec_, rows_.data() + codec_.output_scanline, codec_.output_height - codec_.output_scanline);
    }
    jpeg_finish_decompress(&codec_);
    if (errors_.num_warnings > 0) throw std::runtime_error("a JPEG tile is damaged");
  }

 private:
  bool is_rgb_;
  jpeg_error_mgr errors_;
  jpeg_decompress_struct codec_;
  std::vector<std::uint8_t*> rows_;
};

}  // namespace

std::unique_ptr<BareDecoder> make_bare_jpeg(std::span<const std::uint8_t> tables, bool is_rgb) {
  return std::make_unique<BareJpeg>(tables, is_rgb);
}

struct JpegEncoder::State {
  jpeg_error_mgr errors;
  jpeg_compress_struct codec;
  std::vector<std::uint8_t> tables;

  // What `body` writes.
  template <class Body>
  std::vector<std::uint8_t> written(Body body) {
    unsigned char* bytes = nullptr;
    unsigned long size = 0;
    jpeg_mem_dest(&codec, &bytes, &size);
    body();
    std::vector<std::uint8_t> result(bytes, bytes + size);
    std::free(bytes);
    return result;
  }
};

JpegEncoder::JpegEncoder(int side, int quality) : state_(std::make_unique<State>()) {
  jpeg_compress_struct& codec = state_->codec;
  codec.err = set_up(state_->errors);
  jpeg_create_compress(&codec);
  codec.image_width = codec.image_height = static_cast<JDIMENSION>(side);
  codec.input_components = 3;
  codec.in_color_space = JCS_RGB;
  jpeg_set_defaults(&codec);  // YCbCr 4:2:0
  jpeg_set_quality(&codec, quality, TRUE);
  codec.write_JFIF_header = FALSE;
  state_->tables = state_->written([&] { jpeg_write_tables(&codec); });
}

JpegEncoder::~JpegEncoder() { jpeg_destroy_compress(&state_->codec); }

const std::vector<std::uint8_t>& JpegEncoder::tables() const { return state_->tables; }

std::vector<std::uint8_t> JpegEncoder::encode(std::span<const std::uint8_t> rgb) {
  jpeg_compress_struct& codec = state_->codec;
  return state_->written([&] {
    jpeg_start_compress(&codec, FALSE);
    while (codec.next_scanline < codec.image_height) {
      auto* row = const_cast<std::uint8_t*>(&rgb[std::size_t{3} * codec.next_scanline * codec.image_width]);
      jpeg_write_scanlines(&codec, &row, 1);
    }
    jpeg_finish_compress(&codec);
  });
}

}  // namespace microtome
