// SPDX-License-Identifier: Apache-2.0
// The heatmap pyramid, with libtiff: every level is averaged straight from the raster in integers, so no rounding adds up.
#include <fmt/format.h>
#include <tiffio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "reporting/image_file.h"
#include "reporting/report_error.h"

namespace microtome {
namespace {

constexpr std::int64_t kLargestTile = 256;
constexpr std::int64_t kTileUnit = 16;  // TIFF wants multiples of 16

int remember_error(TIFF*, void* memory, const char*, const char* format, va_list arguments) {
  const int error = errno;
  char text[512];
  std::vsnprintf(text, sizeof text, format, arguments);
  auto& said = *static_cast<std::string*>(memory);
  if (!said.empty()) return 1;  // the first error is the cause
  said = text;
  const std::string system = error != 0 ? std::strerror(error) : "";
  if (!system.empty() && said.find(system) == std::string::npos) said += " (" + system + ")";
  return 1;
}

int ignore_warning(TIFF*, void*, const char*, const char*, va_list) { return 1; }

class TiffWriter {
 public:
  explicit TiffWriter(const std::filesystem::path& path) : path_(path.string()) {
    const std::unique_ptr<TIFFOpenOptions, decltype(&TIFFOpenOptionsFree)> options(TIFFOpenOptionsAlloc(), &TIFFOpenOptionsFree);
    TIFFOpenOptionsSetErrorHandlerExtR(options.get(), remember_error, &said_);
    TIFFOpenOptionsSetWarningHandlerExtR(options.get(), ignore_warning, nullptr);
    errno = 0;
    tiff_.reset(TIFFOpenExt(path_.c_str(), "wl", options.get()));
    if (!tiff_) fail();
  }

  TIFF* get() { return tiff_.get(); }

  void require(bool done) {
    if (!done || !said_.empty()) fail();
  }

  // A network disk may find out that it is full only when asked to keep the bytes; TIFFClose would not tell.
  void finish() {
    require(TIFFFlush(tiff_.get()) == 1);
    if (fsync(TIFFFileno(tiff_.get())) != 0 && errno != EINVAL) {
      said_ = std::strerror(errno);
      fail();
    }
    tiff_.reset();
    require(true);
  }

 private:
  [[noreturn]] void fail() const {
    std::string said = said_.empty() ? "libtiff does not say why" : said_;
    if (said.rfind(path_ + ": ", 0) == 0) said.erase(0, path_.size() + 2);
    throw ReportError(fmt::format("{}: write the heatmap pyramid: {}", path_, said));
  }

  std::string path_;
  std::string said_;
  std::unique_ptr<TIFF, decltype(&TIFFClose)> tiff_{nullptr, &TIFFClose};
};

std::int64_t halved(std::int64_t side, std::int64_t factor) { return (side + factor - 1) / factor; }

std::int64_t tile_side(Size size) {
  const std::int64_t second = halved(std::min(size.width, size.height), 2);
  return std::clamp(second / kTileUnit * kTileUnit, kTileUnit, kLargestTile);
}

struct Sums {
  std::uint64_t r = 0, g = 0, b = 0, alpha = 0;
};

void add_row(const std::uint8_t* pixel, std::int64_t width, std::int64_t factor, std::vector<Sums>& sums) {
  for (std::int64_t x = 0; x < width; ++x, pixel += 4) {
    if (pixel[3] == 0) continue;
    Sums& sum = sums[static_cast<std::size_t>(x / factor)];
    sum.r += std::uint64_t{pixel[0]} * pixel[3];
    sum.g += std::uint64_t{pixel[1]} * pixel[3];
    sum.b += std::uint64_t{pixel[2]} * pixel[3];
    sum.alpha += pixel[3];
  }
}

std::uint8_t rounded(std::uint64_t sum, std::uint64_t count) { return static_cast<std::uint8_t>((2 * sum + count) / (2 * count)); }

// Boxes of factor x factor, cut at the right and lower edge; colour weighted by alpha, so that what was not analysed does not darken it.
RasterRgba shrunk(const RasterRgba& raster, std::int64_t factor) {
  const Size size{halved(raster.size.width, factor), halved(raster.size.height, factor)};
  RasterRgba out{size, std::vector<std::uint8_t>(static_cast<std::size_t>(size.width * size.height * 4), 0)};
  std::vector<Sums> sums(static_cast<std::size_t>(size.width));
  std::uint8_t* pixel = out.rgba.data();
  for (std::int64_t y = 0; y < size.height; ++y) {
    std::fill(sums.begin(), sums.end(), Sums{});
    const std::int64_t end = std::min((y + 1) * factor, raster.size.height);
    for (std::int64_t row = y * factor; row < end; ++row)
      add_row(raster.rgba.data() + row * raster.size.width * 4, raster.size.width, factor, sums);
    for (std::int64_t x = 0; x < size.width; ++x, pixel += 4) {
      const Sums& sum = sums[static_cast<std::size_t>(x)];
      const std::int64_t columns = std::min(factor, raster.size.width - x * factor);
      pixel[3] = rounded(sum.alpha, static_cast<std::uint64_t>((end - y * factor) * columns));
      if (pixel[3] == 0) continue;
      pixel[0] = rounded(sum.r, sum.alpha);
      pixel[1] = rounded(sum.g, sum.alpha);
      pixel[2] = rounded(sum.b, sum.alpha);
    }
  }
  return out;
}

void describe_level(TIFF* tiff, Size size, std::int64_t tile, double mpp, bool reduced) {
  const auto unassociated = static_cast<std::uint16_t>(EXTRASAMPLE_UNASSALPHA);
  TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, reduced ? FILETYPE_REDUCEDIMAGE : 0);
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, static_cast<std::uint32_t>(size.width));
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, static_cast<std::uint32_t>(size.height));
  TIFFSetField(tiff, TIFFTAG_TILEWIDTH, static_cast<std::uint32_t>(tile));
  TIFFSetField(tiff, TIFFTAG_TILELENGTH, static_cast<std::uint32_t>(tile));
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 8);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 4);
  TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, 1, &unassociated);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_RGB);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  TIFFSetField(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_ADOBE_DEFLATE);
  TIFFSetField(tiff, TIFFTAG_PREDICTOR, PREDICTOR_HORIZONTAL);
  if (!(mpp > 0)) return;
  TIFFSetField(tiff, TIFFTAG_RESOLUTIONUNIT, RESUNIT_CENTIMETER);
  TIFFSetField(tiff, TIFFTAG_XRESOLUTION, 10000 / mpp);
  TIFFSetField(tiff, TIFFTAG_YRESOLUTION, 10000 / mpp);
}

void write_level(TiffWriter& file, const RasterRgba& level, std::int64_t tile, double mpp, bool reduced) {
  describe_level(file.get(), level.size, tile, mpp, reduced);
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(tile * tile * 4));
  std::uint32_t index = 0;
  for (std::int64_t y = 0; y < level.size.height; y += tile) {
    for (std::int64_t x = 0; x < level.size.width; x += tile) {
      std::fill(pixels.begin(), pixels.end(), 0);
      const auto bytes = static_cast<std::size_t>(std::min(tile, level.size.width - x) * 4);
      for (std::int64_t row = 0; row < std::min(tile, level.size.height - y); ++row)
        std::memcpy(pixels.data() + row * tile * 4, level.rgba.data() + ((y + row) * level.size.width + x) * 4, bytes);
      file.require(TIFFWriteEncodedTile(file.get(), index++, pixels.data(), static_cast<tmsize_t>(pixels.size())) >= 0);
    }
  }
  file.require(TIFFWriteDirectory(file.get()) == 1);
}

}  // namespace

void write_heatmap_tiff(const std::filesystem::path& path, const RasterRgba& raster, double mpp) {
  const std::int64_t tile = tile_side(raster.size);
  TiffWriter file(path);
  write_level(file, raster, tile, mpp, false);
  const std::int64_t shorter = std::min(raster.size.width, raster.size.height);
  for (std::int64_t factor = 2; halved(shorter, factor) >= tile; factor *= 2)
    write_level(file, shrunk(raster, factor), tile, mpp * static_cast<double>(factor), true);
  file.finish();
}

}  // namespace microtome
