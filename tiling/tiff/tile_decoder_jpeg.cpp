// SPDX-License-Identifier: Apache-2.0
// JPEG through libjpeg-turbo, with the defaults (accurate integer DCT, fancy upsampling) that OpenSlide and libtiff use: same bytes in,
// same pixels out. The decompressor lives as long as the decoder, so that the tables shared by all tiles are read once.
#include <csetjmp>
#include <cstddef>
#include <cstdio>
// after stddef and stdio, which it needs and does not include
#include <jerror.h>
#include <jpeglib.h>

#include <algorithm>
#include <array>

#include "tiling/tiff/tile_decoder.h"

namespace microtome {
namespace {

constexpr int kRowsAtOnce = 16;

// Errors jump back to decode(); no object with a destructor lives between.
struct ErrorManager {
  jpeg_error_mgr base;  // first: libjpeg hands back a pointer to it
  std::jmp_buf back;
  std::array<char, JMSG_LENGTH_MAX> text;
  std::span<const std::uint8_t> stored;  // what is being decoded
};

ErrorManager& errors_of(j_common_ptr info) { return *reinterpret_cast<ErrorManager*>(info->err); }

[[noreturn]] void fail(j_common_ptr info) {
  ErrorManager& errors = errors_of(info);
  info->err->format_message(info, errors.text.data());
  std::longjmp(errors.back, 1);
}

// Some encoders fill up with zeros before the end marker.
bool is_padding(const ErrorManager& errors) {
  std::span<const std::uint8_t> stored = errors.stored;
  const auto skipped = static_cast<std::size_t>(errors.base.msg_parm.i[0]);
  if (errors.base.msg_parm.i[1] != 0xd9 || stored.size() < skipped + 2) return false;
  const auto* end = stored.data() + stored.size();
  while (end - 2 >= stored.data() + skipped && !(end[-2] == 0xff && end[-1] == 0xd9)) --end;
  return end - 2 >= stored.data() + skipped && std::all_of(end - 2 - skipped, end - 2, [](std::uint8_t byte) { return byte == 0; });
}

// libjpeg goes on after a warning and makes pixels up. Here that is an error, but for warnings that do not concern pixels.
void warn(j_common_ptr info, int level) {
  if (level >= 0) return;
  const int code = info->err->msg_code;
  if (code == JWRN_ADOBE_XFORM || code == JWRN_JFIF_MAJOR) return;
  if (code == JWRN_EXTRANEOUS_DATA && is_padding(errors_of(info))) return;
  fail(info);
}

void quiet(j_common_ptr) {}
void nothing(j_decompress_ptr) {}

boolean out_of_bytes(j_decompress_ptr info) {
  ERREXIT(info, JERR_INPUT_EOF);
  return FALSE;
}

void skip(j_decompress_ptr info, long count) {
  if (count <= 0) return;
  if (static_cast<std::size_t>(count) > info->src->bytes_in_buffer) ERREXIT(info, JERR_INPUT_EOF);
  info->src->next_input_byte += count;
  info->src->bytes_in_buffer -= static_cast<std::size_t>(count);
}

// A tile with tables of its own leaves them behind in the decompressor, where the next tile would find them.
bool has_tables(std::span<const std::uint8_t> stored) {
  for (std::size_t at = 2; at + 4 <= stored.size() && stored[at] == 0xff;) {
    const int marker = stored[at + 1];
    if (marker == 0xff) {  // filling
      ++at;
      continue;
    }
    if (marker == 0xda) return false;
    if (marker == 0xdb || marker == 0xc4) return true;
    at += 2 + static_cast<std::size_t>(stored[at + 2] << 8 | stored[at + 3]);
  }
  return false;
}

class JpegDecoder : public TileDecoder {
 public:
  explicit JpegDecoder(const TiffImage& image) : image_(image) {
    info_.err = jpeg_std_error(&errors_.base);
    errors_.base.error_exit = fail;
    errors_.base.emit_message = warn;
    errors_.base.output_message = quiet;
    jpeg_create_decompress(&info_);
    info_.src = &source_;
    source_.init_source = nothing;
    source_.fill_input_buffer = out_of_bytes;
    source_.skip_input_data = skip;
    source_.resync_to_restart = jpeg_resync_to_restart;
    source_.term_source = nothing;
  }
  ~JpegDecoder() override { jpeg_destroy_decompress(&info_); }
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;

  std::string decode(std::span<const std::uint8_t> stored, int reduction, std::uint8_t* rgb, std::int64_t row_bytes) override {
    if (setjmp(errors_.back)) {
      jpeg_abort_decompress(&info_);
      tables_loaded_ = false;
      return errors_.text.data();
    }
    if (!tables_loaded_) load_tables();
    tables_loaded_ = !has_tables(stored);
    feed(stored);
    jpeg_read_header(&info_, TRUE);
    set_up(reduction);
    jpeg_start_decompress(&info_);
    read_rows(rgb, row_bytes);
    jpeg_finish_decompress(&info_);
    return {};
  }

 private:
  void feed(std::span<const std::uint8_t> bytes) {
    errors_.stored = bytes;
    source_.next_input_byte = bytes.data();
    source_.bytes_in_buffer = bytes.size();
  }

  void load_tables() {
    if (image_.jpeg_tables.empty()) return;
    feed(image_.jpeg_tables);
    jpeg_read_header(&info_, FALSE);
  }

  void set_up(int reduction) {
    if (info_.image_width != static_cast<JDIMENSION>(image_.tile.width) ||
        info_.image_height != static_cast<JDIMENSION>(image_.tile.height)) {
      refuse("the stored JPEG has another size than the tile");
    }
    const bool grey = image_.colour == TileColour::grey;
    if (info_.num_components != (grey ? 1 : 3)) refuse("the stored JPEG has another number of colours than the file says");
    // the file's word counts, not libjpeg's guess from markers: Aperio stores RGB without an Adobe marker
    info_.jpeg_color_space = grey ? JCS_GRAYSCALE : image_.colour == TileColour::ycbcr ? JCS_YCbCr : JCS_RGB;
    info_.out_color_space = JCS_RGB;
    info_.scale_num = 1;
    info_.scale_denom = 1u << reduction;
  }

  void read_rows(std::uint8_t* rgb, std::int64_t row_bytes) {
    JSAMPROW rows[kRowsAtOnce];
    while (info_.output_scanline < info_.output_height) {
      const auto count = std::min<JDIMENSION>(kRowsAtOnce, info_.output_height - info_.output_scanline);
      for (JDIMENSION i = 0; i < count; ++i) rows[i] = rgb + static_cast<std::int64_t>(info_.output_scanline + i) * row_bytes;
      jpeg_read_scanlines(&info_, rows, count);
    }
  }

  [[noreturn]] void refuse(const char* why) {
    std::snprintf(errors_.text.data(), errors_.text.size(), "%s", why);
    std::longjmp(errors_.back, 1);
  }

  const TiffImage& image_;
  jpeg_decompress_struct info_{};
  jpeg_source_mgr source_{};
  ErrorManager errors_{};
  bool tables_loaded_ = false;
};

}  // namespace

std::unique_ptr<TileDecoder> make_jpeg_decoder(const TiffImage& image) { return std::make_unique<JpegDecoder>(image); }

#define MICROTOME_TEXT_OF(x) #x
#define MICROTOME_VERSION_TEXT(x) MICROTOME_TEXT_OF(x)
std::string jpeg_library() { return "libjpeg-turbo " MICROTOME_VERSION_TEXT(LIBJPEG_TURBO_VERSION); }

}  // namespace microtome
