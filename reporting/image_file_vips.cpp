// SPDX-License-Identifier: Apache-2.0
// Thumbnail and overview pictures, encoded by libvips in memory and written here, so that every failure to write is seen.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <vips/vips.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <memory>
#include <mutex>
#include <vector>

#include "reporting/image_file.h"
#include "reporting/report_error.h"

namespace microtome {
namespace {

constexpr std::int64_t kThumbnailSide = 2048;
constexpr double kHeatOpacity = 0.55;

struct Unref {
  void operator()(VipsImage* image) const { g_object_unref(image); }
};
using Image = std::unique_ptr<VipsImage, Unref>;

// libvips keeps one error text for all threads; the copy is taken under its lock.
std::string vips_said() {
  const std::unique_ptr<char, decltype(&g_free)> text(vips_error_buffer_copy(), &g_free);
  std::string said = text.get();
  while (!said.empty() && (said.back() == '\n' || said.back() == ' ')) said.pop_back();
  return said.empty() ? "libvips does not say why" : said;
}

// What is being made, for the sentence of an error.
struct Goal {
  const std::filesystem::path& path;
  const char* wanted;
  [[noreturn]] void fail(const std::string& said) const { throw ReportError(fmt::format("{}: {}: {}", path.string(), wanted, said)); }
  Image image(int result, VipsImage* made) const {
    if (result != 0) fail(vips_said());
    return Image(made);
  }
};

Image image_of(const Goal& goal, std::span<const std::uint8_t> rgb, Size size) {
  VipsImage* image = vips_image_new_from_memory_copy(rgb.data(), rgb.size(), static_cast<int>(size.width), static_cast<int>(size.height), 3,
                                                     VIPS_FORMAT_UCHAR);
  return goal.image(image == nullptr ? -1 : 0, image);
}

Image fitted(const Goal& goal, Image image, std::int64_t longest) {
  const std::int64_t side = std::max(vips_image_get_width(image.get()), vips_image_get_height(image.get()));
  if (side <= longest) return image;
  VipsImage* small = nullptr;
  const int result = vips_resize(image.get(), &small, static_cast<double>(longest) / static_cast<double>(side), nullptr);
  return goal.image(result, small);
}

void write_bytes(const Goal& goal, const void* bytes, std::size_t size) {
  const int file = open(goal.path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) goal.fail(std::strerror(errno));
  int error = 0;
  for (std::size_t done = 0; done < size && error == 0;) {
    const ssize_t wrote = write(file, static_cast<const char*>(bytes) + done, size - done);
    if (wrote > 0) done += static_cast<std::size_t>(wrote);
    if (wrote < 0 && errno != EINTR) error = errno;
  }
  if (error == 0 && fsync(file) != 0 && errno != EINVAL) error = errno;  // EINVAL: a device that cannot keep anything
  if (close(file) != 0 && error == 0) error = errno;
  if (error != 0) goal.fail(std::strerror(error));
}

struct Encoded {
  void* bytes = nullptr;
  std::size_t size = 0;
  ~Encoded() { g_free(bytes); }
};

std::vector<std::uint8_t> pixels_of(const Goal& goal, VipsImage* image) {
  std::size_t size = 0;
  const std::unique_ptr<void, decltype(&g_free)> memory(vips_image_write_to_memory(image, &size), &g_free);
  if (!memory) goal.fail(vips_said());
  const auto* bytes = static_cast<const std::uint8_t*>(memory.get());
  return {bytes, bytes + size};
}

std::uint8_t rounded(double value) { return static_cast<std::uint8_t>(value + 0.5); }

std::uint8_t luma(const std::uint8_t* rgb) { return rounded(0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]); }

std::uint8_t blended(std::uint8_t below, std::uint8_t above, double opacity) { return rounded(below * (1 - opacity) + above * opacity); }

// Raster column (or row) of each picture column (or row): the one that holds its centre, -1 outside.
std::vector<std::int64_t> raster_places(std::int64_t pixels, double start_level0, double extent_level0, int downsample,
                                        std::int64_t raster_extent) {
  std::vector<std::int64_t> places(static_cast<std::size_t>(pixels));
  for (std::int64_t i = 0; i < pixels; ++i) {
    const double centre = start_level0 + (static_cast<double>(i) + 0.5) * extent_level0 / static_cast<double>(pixels);
    const auto place = static_cast<std::int64_t>(std::floor(centre / downsample));
    places[static_cast<std::size_t>(i)] = place >= 0 && place < raster_extent ? place : -1;
  }
  return places;
}

void blend_heat(std::vector<std::uint8_t>& rgb, Size size, const Level0Rect& covered, const RasterRgba& raster, int downsample) {
  const auto columns = raster_places(size.width, covered.x_level0, covered.width_level0, downsample, raster.size.width);
  const auto rows = raster_places(size.height, covered.y_level0, covered.height_level0, downsample, raster.size.height);
  std::uint8_t* pixel = rgb.data();
  for (const std::int64_t row : rows) {
    for (const std::int64_t column : columns) {
      const std::uint8_t grey = luma(pixel);
      const std::uint8_t* heat = row < 0 || column < 0 ? nullptr : raster.rgba.data() + (row * raster.size.width + column) * 4;
      const double opacity = heat == nullptr ? 0 : kHeatOpacity * heat[3] / 255;
      for (int channel = 0; channel < 3; ++channel) pixel[channel] = opacity > 0 ? blended(grey, heat[channel], opacity) : grey;
      pixel += 3;
    }
  }
}

}  // namespace

void start_image_library(const char* program, int threads) {
  static std::once_flag started;
  std::call_once(started, [&] {
    if (VIPS_INIT(program) != 0) throw ReportError("libvips: start the image library: " + vips_said());
    vips_cache_set_max(0);  // its cache goes by file name and would serve old pixels of a replaced file
  });
  vips_concurrency_set(threads);
}

std::string image_library_version() { return fmt::format("{}.{}.{}", vips_version(0), vips_version(1), vips_version(2)); }

void write_thumbnail(const std::filesystem::path& path, std::span<const std::uint8_t> rgb, Size size) {
  const Goal goal{path, "write the thumbnail"};
  const Image small = fitted(goal, image_of(goal, rgb, size), kThumbnailSide);
  Encoded jpeg;
  if (vips_jpegsave_buffer(small.get(), &jpeg.bytes, &jpeg.size, "Q", 85, "strip", TRUE, "optimize_coding", TRUE, nullptr) != 0)
    goal.fail(vips_said());
  write_bytes(goal, jpeg.bytes, jpeg.size);
}

PictureRgb read_thumbnail(const std::filesystem::path& path) {
  const Goal goal{path, "read the thumbnail"};
  VipsImage* jpeg = nullptr;
  const int opened = vips_jpegload(path.c_str(), &jpeg, "fail_on", VIPS_FAIL_ON_TRUNCATED, nullptr);
  const Image image = goal.image(opened, jpeg);
  if (vips_image_get_bands(image.get()) != 3) goal.fail("it is not a colour picture");
  return {{vips_image_get_width(image.get()), vips_image_get_height(image.get())}, pixels_of(goal, image.get())};
}

void write_heatmap_png(const std::filesystem::path& path, PictureRgb thumbnail, Level0Rect covered, const RasterRgba& raster, int downsample) {
  const Goal goal{path, "write the heatmap picture"};
  blend_heat(thumbnail.rgb, thumbnail.size, covered, raster, downsample);
  const Image picture = image_of(goal, thumbnail.rgb, thumbnail.size);
  Encoded png;
  // of tissue under heat: smaller than the default's (no filter, level 6), in less than a third of its time
  if (vips_pngsave_buffer(picture.get(), &png.bytes, &png.size, "strip", TRUE, "compression", 1, "filter", VIPS_FOREIGN_PNG_FILTER_UP, nullptr) != 0)
    goal.fail(vips_said());
  write_bytes(goal, png.bytes, png.size);
}

}  // namespace microtome
