// SPDX-License-Identifier: Apache-2.0
// The table of formats.
#include "tests/support/tiff_formats.h"

#include <stdexcept>

namespace microtome {
namespace {

constexpr const char* kAperio = "Aperio Image Library v11.2.1 \r\n600x500 [0,0 600x500] (128x128)|AppMag = 20|MPP = 0.4990";

using Change = void (*)(TiffSlideSettings&);
struct Row {
  const char* name;
  Change change;
};

void aperio(TiffSlideSettings& s) { s.description = kAperio; }

void jpeg(TiffSlideSettings& s, bool ycbcr, int across, int down) {
  s.codec = TiffCodec::jpeg;
  s.jpeg.ycbcr = ycbcr;
  s.jpeg.across = across;
  s.jpeg.down = down;
}

void jpeg2000(TiffSlideSettings& s, TiffCodec codec, int across, bool reversible) {
  aperio(s);
  s.codec = codec;
  s.jpeg2000.across = across;
  s.jpeg2000.reversible = reversible;
}

const Row kRows[] = {
    {"jpeg_420", [](auto& s) { jpeg(s, true, 2, 2); }},
    {"jpeg_422", [](auto& s) { jpeg(s, true, 2, 1); }},
    {"jpeg_440", [](auto& s) { jpeg(s, true, 1, 2); }},
    {"jpeg_444", [](auto& s) { jpeg(s, true, 1, 1); }},
    {"jpeg_complete_streams", [](auto& s) { jpeg(s, true, 2, 2), s.jpeg.shared_tables = false; }},
    {"jpeg_own_tables_among_shared", [](auto& s) { jpeg(s, true, 2, 2), s.jpeg.own_tables = {1, 7, 8}; }},
    {"jpeg_restart_markers", [](auto& s) { jpeg(s, true, 2, 2), s.jpeg.restart_rows = 1; }},
    {"jpeg_quality_30", [](auto& s) { jpeg(s, true, 2, 2), s.jpeg.quality = 30; }},
    {"jpeg_rgb", [](auto& s) { jpeg(s, false, 1, 1); }},
    {"jpeg_rgb_subsampled", [](auto& s) { jpeg(s, false, 2, 2); }},
    {"jpeg_grey", [](auto& s) { jpeg(s, true, 1, 1), s.pixels = TiffPixels::grey; }},
    {"jpeg_tiles_of_240", [](auto& s) { jpeg(s, true, 2, 2), s.tile = {240, 240}; }},
    {"jpeg_oblong_tiles", [](auto& s) { jpeg(s, true, 2, 2), s.tile = {192, 80}; }},
    {"jpeg_bigtiff", [](auto& s) { jpeg(s, true, 2, 2), s.layout.big = true; }},
    {"jpeg_big_endian", [](auto& s) { jpeg(s, true, 2, 2), s.layout.big_endian = true; }},
    {"jpeg_resolution_tags", [](auto& s) { jpeg(s, true, 2, 2), s.pixels_per_cm = 40000; }},
    {"jpeg_sparse", [](auto& s) { jpeg(s, true, 2, 2), s.sparse = {0, 6, 19}; }},
    {"aperio_jpeg_ycbcr", [](auto& s) { jpeg(s, true, 2, 2), aperio(s), s.tile = {240, 240}; }},
    {"aperio_jpeg_rgb", [](auto& s) { jpeg(s, false, 1, 1), aperio(s), s.tile = {240, 240}; }},
    {"aperio_jpeg_sparse", [](auto& s) { jpeg(s, false, 1, 1), aperio(s), s.sparse = {0, 6, 19}; }},
    {"aperio_33003", [](auto& s) { jpeg2000(s, TiffCodec::jpeg2000_ycbcr, 1, true); }},
    {"aperio_33003_422", [](auto& s) { jpeg2000(s, TiffCodec::jpeg2000_ycbcr, 2, true); }},
    {"aperio_33005", [](auto& s) { jpeg2000(s, TiffCodec::jpeg2000_rgb, 1, true); }},
    {"aperio_33005_irreversible", [](auto& s) { jpeg2000(s, TiffCodec::jpeg2000_rgb, 1, false); }},
    {"aperio_33005_tiles_of_240", [](auto& s) { jpeg2000(s, TiffCodec::jpeg2000_rgb, 1, true), s.tile = {240, 240}; }},
    {"aperio_33005_one_resolution", [](auto& s) { jpeg2000(s, TiffCodec::jpeg2000_rgb, 1, true), s.jpeg2000.resolutions = 1; }},
    {"aperio_33005_sparse", [](auto& s) { jpeg2000(s, TiffCodec::jpeg2000_rgb, 1, true), s.sparse = {0, 6, 19}; }},
    {"deflate", [](auto&) {}},
    {"deflate_predictor", [](auto& s) { s.predictor = true; }},
    {"deflate_bigtiff_big_endian", [](auto& s) { s.layout = {true, true, -1}; }},
    {"deflate_sparse", [](auto& s) { s.sparse = {0, 6, 19}; }},
    {"lzw", [](auto& s) { s.codec = TiffCodec::lzw; }},
    {"lzw_predictor", [](auto& s) { s.codec = TiffCodec::lzw, s.predictor = true; }},
    {"uncompressed", [](auto& s) { s.codec = TiffCodec::uncompressed; }},
    {"grey", [](auto& s) { s.pixels = TiffPixels::grey; }},
    {"grey_inverted", [](auto& s) { s.pixels = TiffPixels::inverted_grey; }},
    {"rgb_alpha", [](auto& s) { s.pixels = TiffPixels::rgb_alpha; }},
    {"rgb_alpha_premultiplied", [](auto& s) { s.pixels = TiffPixels::rgb_alpha_premultiplied; }},
    {"rgb_alpha_lzw_predictor", [](auto& s) { s.pixels = TiffPixels::rgb_alpha, s.codec = TiffCodec::lzw, s.predictor = true; }},
};

TiffFormat make(const Row& row, const std::vector<TiffSlideLevel>& levels) {
  TiffFormat format{row.name, {}};
  format.settings.tile = {128, 128};
  row.change(format.settings);
  format.settings.levels = levels;
  return format;
}

}  // namespace

std::vector<TiffFormat> tiff_formats(const std::vector<TiffSlideLevel>& levels) {
  std::vector<TiffFormat> formats;
  for (const Row& row : kRows) formats.push_back(make(row, levels));
  return formats;
}

std::vector<std::string> tiff_format_names() {
  std::vector<std::string> names;
  for (const Row& row : kRows) names.push_back(row.name);
  return names;
}

TiffSlideSettings tiff_format(const std::string& name, const std::vector<TiffSlideLevel>& levels) {
  for (const Row& row : kRows) {
    if (row.name == name) return make(row, levels).settings;
  }
  throw std::out_of_range("no test format " + name);
}

}  // namespace microtome
