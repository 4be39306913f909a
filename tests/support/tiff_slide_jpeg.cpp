// SPDX-License-Identifier: Apache-2.0
// Tiles as libjpeg compresses them: abbreviated or complete, YCbCr or Aperio's RGB, with restart markers.
#include <cstdio>
// jpeglib.h needs FILE
#include <jpeglib.h>

#include <csetjmp>
#include <cstdlib>
#include <stdexcept>

#include "tests/support/tile_encoder.h"

namespace microtome {
namespace {

[[noreturn]] void fail(j_common_ptr) { throw std::runtime_error("libjpeg refuses what a test wants"); }
void say_nothing(j_common_ptr) {}

struct Compressor {
  Compressor() {
    info.err = jpeg_std_error(&errors);
    errors.error_exit = fail;
    jpeg_create_compress(&info);
    jpeg_mem_dest(&info, &data, &size);
  }
  ~Compressor() {
    jpeg_destroy_compress(&info);
    std::free(data);
  }
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;
  Bytes bytes() const { return {data, data + size}; }

  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  unsigned char* data = nullptr;
  unsigned long size = 0;
};

J_COLOR_SPACE given(int samples) { return samples == 1 ? JCS_GRAYSCALE : samples == 3 ? JCS_RGB : JCS_CMYK; }

void set_up(jpeg_compress_struct& info, const JpegTileSettings& settings, int samples) {
  info.input_components = samples;
  info.in_color_space = given(samples);
  jpeg_set_defaults(&info);
  info.write_JFIF_header = FALSE;
  if (samples == 3 && !settings.ycbcr) {
    jpeg_set_colorspace(&info, JCS_RGB);
    for (int i = 0; i < 3; ++i) info.comp_info[i].component_id = i;
  }
  if (samples == 3) {
    info.comp_info[0].h_samp_factor = settings.across;
    info.comp_info[0].v_samp_factor = settings.down;
  }
  info.write_Adobe_marker = FALSE;
  info.restart_in_rows = settings.restart_rows;
  jpeg_set_quality(&info, settings.quality, TRUE);
}

struct Decompressor {
  Decompressor() {
    info.err = jpeg_std_error(&errors);
    errors.error_exit = [](j_common_ptr common) { std::longjmp(reinterpret_cast<Decompressor*>(common->client_data)->escape, 1); };
    errors.output_message = say_nothing;
    info.client_data = this;
    jpeg_create_decompress(&info);
  }
  ~Decompressor() { jpeg_destroy_decompress(&info); }
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;

  void decode(const Bytes& tables, const Bytes& tile, int width, int height) {
    if (!tables.empty()) {
      jpeg_mem_src(&info, tables.data(), tables.size());
      jpeg_read_header(&info, FALSE);
    }
    jpeg_mem_src(&info, tile.data(), tile.size());
    jpeg_read_header(&info, TRUE);
    if (static_cast<int>(info.image_width) != width || static_cast<int>(info.image_height) != height) std::longjmp(escape, 1);
    jpeg_start_decompress(&info);
    row.resize(static_cast<std::size_t>(info.output_width) * static_cast<std::size_t>(info.output_components));
    while (info.output_scanline < info.output_height) {
      JSAMPROW rows[] = {row.data()};
      jpeg_read_scanlines(&info, rows, 1);
    }
    jpeg_finish_decompress(&info);
  }

  jpeg_decompress_struct info{};
  jpeg_error_mgr errors{};
  std::jmp_buf escape{};
  Bytes row;
};

}  // namespace

Bytes encode_jpeg_tables(const JpegTileSettings& settings, int samples) {
  Compressor compressor;
  set_up(compressor.info, settings, samples);
  jpeg_write_tables(&compressor.info);
  return compressor.bytes();
}

Bytes encode_jpeg_tile(const TilePixels& tile, const JpegTileSettings& settings, bool with_tables) {
  Compressor compressor;
  jpeg_compress_struct& info = compressor.info;
  info.image_width = static_cast<JDIMENSION>(tile.size.width);
  info.image_height = static_cast<JDIMENSION>(tile.size.height);
  set_up(info, settings, tile.samples);
  if (!with_tables) jpeg_suppress_tables(&info, TRUE);
  jpeg_start_compress(&info, with_tables ? TRUE : FALSE);
  while (info.next_scanline < info.image_height) {
    JSAMPROW rows[] = {const_cast<JSAMPROW>(&tile.bytes[static_cast<std::size_t>(info.next_scanline) * tile.size.width * tile.samples])};
    jpeg_write_scanlines(&info, rows, 1);
  }
  jpeg_finish_compress(&info);
  return compressor.bytes();
}

int jpeg_warnings(const Bytes& tables, const Bytes& tile, int width, int height) {
  Decompressor decompressor;
  if (setjmp(decompressor.escape)) return -1;
  decompressor.decode(tables, tile, width, height);
  return static_cast<int>(decompressor.errors.num_warnings);
}

}  // namespace microtome
