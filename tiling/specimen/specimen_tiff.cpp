// SPDX-License-Identifier: Apache-2.0
// The file of a synthetic slide. libtiff itself, because libvips' pyramids go on until both sides fit into a tile, and a level that
// is narrower than a tile is of no use to anybody. Nothing in the file tells when or where it was made.
#include "tiling/specimen/specimen_tiff.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <tiffio.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <string>

#include "tiling/slide.h"

namespace microtome {
namespace {

constexpr int kJpegQuality = 90;

[[noreturn]] void fail(const std::string& reason) {
  throw SlideError("cannot_write", fmt::format("the synthetic slide could not be written: {}: check that its folder exists, may be written "
                                               "to and has space",
                                               reason));
}

// The shortest text that reads back as the same number, with a point in every locale.
std::string number_text(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value);
  return {text, end.ptr};
}

// OpenSlide takes a tiled TIFF for Aperio's by the first word and reads "name = value" after each bar.
std::string description(Size level0, Size level, double mpp) {
  const std::string head = "Aperio Image Library v0 (synthetic specimen by Microtome, not from a patient)";
  std::string sizes = fmt::format("{}x{} ({}x{})", level0.width, level0.height, kSpecimenTile, kSpecimenTile);
  if (!(level == level0)) sizes += fmt::format(" -> {}x{}", level.width, level.height);
  return fmt::format("{}\r\n{} JPEG/RGB Q={}|AppMag = {}|MPP = {}", head, sizes, kJpegQuality, number_text(10 / mpp), number_text(mpp));
}

int open_for_writing(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) fail(std::strerror(errno));
  return file;
}

}  // namespace

struct SpecimenFile::Handle {
  TIFF* tiff = nullptr;
  std::string complaint;

  ~Handle() {
    if (tiff != nullptr) TIFFClose(tiff);
  }

  // Per file, so that nothing is printed and no other user of libtiff in the program is disturbed.
  static int keep_complaint(TIFF*, void* self, const char*, const char* format, va_list arguments) {
    const int cause = errno;
    char text[512];
    std::vsnprintf(text, sizeof text, format, arguments);
    auto& complaint = static_cast<Handle*>(self)->complaint;
    if (!complaint.empty()) return 1;
    complaint = text;
    if (cause != 0) complaint += fmt::format(" ({})", std::strerror(cause));
    return 1;
  }

  static int ignore_warning(TIFF*, void*, const char*, const char*, va_list) { return 1; }

  void require(bool done) const {
    if (!done) fail(complaint.empty() ? "libtiff gave no reason" : complaint);
  }

  template <class... Values>
  void set(std::uint32_t tag, Values... values) {
    require(TIFFSetField(tiff, tag, values...) == 1);
  }
};

SpecimenFile::SpecimenFile(const std::filesystem::path& path, Size level0, double mpp)
    : handle_(std::make_unique<Handle>()), level0_(level0), mpp_(mpp) {
  const int file = open_for_writing(path);
  TIFFOpenOptions* options = TIFFOpenOptionsAlloc();
  TIFFOpenOptionsSetErrorHandlerExtR(options, Handle::keep_complaint, handle_.get());
  TIFFOpenOptionsSetWarningHandlerExtR(options, Handle::ignore_warning, nullptr);
  errno = 0;  // libtiff does not tell why a write failed; what stands here afterwards does
  handle_->tiff = TIFFFdOpenExt(file, "synthetic slide", "wl", options);
  TIFFOpenOptionsFree(options);
  if (handle_->tiff == nullptr) ::close(file);
  handle_->require(handle_->tiff != nullptr);
}

SpecimenFile::~SpecimenFile() = default;

void SpecimenFile::begin_level(Size size) {
  Handle& file = *handle_;
  file.set(TIFFTAG_SUBFILETYPE, size == level0_ ? 0U : static_cast<unsigned>(FILETYPE_REDUCEDIMAGE));
  file.set(TIFFTAG_IMAGEWIDTH, static_cast<std::uint32_t>(size.width));
  file.set(TIFFTAG_IMAGELENGTH, static_cast<std::uint32_t>(size.height));
  file.set(TIFFTAG_TILEWIDTH, static_cast<std::uint32_t>(kSpecimenTile));
  file.set(TIFFTAG_TILELENGTH, static_cast<std::uint32_t>(kSpecimenTile));
  file.set(TIFFTAG_BITSPERSAMPLE, 8);
  file.set(TIFFTAG_SAMPLESPERPIXEL, 3);
  file.set(TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  file.set(TIFFTAG_COMPRESSION, COMPRESSION_JPEG);
  file.set(TIFFTAG_JPEGQUALITY, kJpegQuality);
  file.set(TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_YCBCR);
  file.set(TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
  file.set(TIFFTAG_IMAGEDESCRIPTION, description(level0_, size, mpp_).c_str());
  const double microns = mpp_ * static_cast<double>(level0_.width) / static_cast<double>(size.width);
  file.set(TIFFTAG_RESOLUTIONUNIT, RESUNIT_CENTIMETER);
  file.set(TIFFTAG_XRESOLUTION, 10000 / microns);
  file.set(TIFFTAG_YRESOLUTION, 10000 / microns);
}

void SpecimenFile::write_tile(int x, int y, std::span<const std::uint8_t> rgb) {
  const std::uint32_t tile = TIFFComputeTile(handle_->tiff, static_cast<std::uint32_t>(x), static_cast<std::uint32_t>(y), 0, 0);
  errno = 0;
  // libtiff may change the buffer it is given, so it gets its own
  std::vector<std::uint8_t> pixels(rgb.begin(), rgb.end());
  handle_->require(TIFFWriteEncodedTile(handle_->tiff, tile, pixels.data(), static_cast<tmsize_t>(pixels.size())) >= 0);
}

void SpecimenFile::end_level() {
  errno = 0;
  handle_->require(TIFFWriteDirectory(handle_->tiff) == 1);
}

}  // namespace microtome
