// SPDX-License-Identifier: Apache-2.0
// A PNG read row by row and averaged onto the mask's frame. libpng leaves its functions by longjmp: every function here that calls it sets
// the jump anew and holds nothing that would have to be destroyed.
#include <fmt/format.h>
#include <png.h>

#include <algorithm>
#include <cmath>
#include <csetjmp>
#include <cstdio>
#include <cstring>
#include <memory>

#include "tiling/given_mask.h"

namespace microtome {
namespace {

constexpr std::size_t kMostInterlaced = std::size_t{256} << 20;
constexpr double kAspectSlack = 0.01;
constexpr double kNoise = 1e-9;

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

/// Rows of a PNG as 0 and 1. Throws SlideError (mask).
class PngRows {
 public:
  explicit PngRows(const std::filesystem::path& path) : file_(std::fopen(path.c_str(), "rb"), std::fclose) {
    if (!file_) refuse_mask("the file cannot be read", "check its permissions");
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, on_error, [](png_structp, png_const_charp) {});
    info_ = png_ == nullptr ? nullptr : png_create_info_struct(png_);
    if (info_ == nullptr) throw std::bad_alloc();
    begin();
    row_.resize(row_bytes_);
  }
  ~PngRows() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngRows(const PngRows&) = delete;
  PngRows& operator=(const PngRows&) = delete;

  Size size() const { return size_; }

  /// Calls use(row) for the rows from top to bottom.
  template <class Use>
  void each(Use use) {
    if (passes_ > 1) load();
    std::vector<std::uint8_t> tissue(static_cast<std::size_t>(size_.width));
    for (std::int64_t y = 0; y < size_.height; ++y) {
      const std::uint8_t* row = passes_ > 1 ? &whole_[static_cast<std::size_t>(y) * row_bytes_] : row_.data();
      if (passes_ == 1) read_row(row_.data());
      for (std::int64_t x = 0; x < size_.width; ++x) tissue[x] = is_tissue(row + x * pixel_bytes_);
      use(tissue);
    }
    end();
  }

 private:
  [[noreturn]] static void on_error(png_structp png, png_const_charp message) {
    auto& self = *static_cast<PngRows*>(png_get_error_ptr(png));
    std::snprintf(self.complaint_, sizeof self.complaint_, "%s", message);
    png_longjmp(png, 1);
  }

  [[noreturn]] void fail() const { refuse_mask(fmt::format("the PNG is damaged: {}", complaint_), "export it again"); }

  void begin() {
    if (setjmp(png_jmpbuf(png_))) destroy_and_fail();
    png_init_io(png_, file_.get());
    png_read_info(png_, info_);
    png_set_expand(png_);  // palette to colours, 1 to 4 bits to 8, a transparent colour to alpha
    passes_ = png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    size_ = {png_get_image_width(png_, info_), png_get_image_height(png_, info_)};
    row_bytes_ = png_get_rowbytes(png_, info_);
    const int channel_bytes = png_get_bit_depth(png_, info_) / 8, channels = png_get_channels(png_, info_);
    pixel_bytes_ = channel_bytes * channels;
    alpha_bytes_ = png_get_color_type(png_, info_) & PNG_COLOR_MASK_ALPHA ? channel_bytes : 0;
  }

  // begin() is called by the constructor: the destructor will not run.
  [[noreturn]] void destroy_and_fail() {
    png_destroy_read_struct(&png_, &info_, nullptr);
    fail();
  }

  void read_row(std::uint8_t* row) {
    if (setjmp(png_jmpbuf(png_))) fail();
    png_read_row(png_, row, nullptr);
  }

  void end() {
    if (setjmp(png_jmpbuf(png_))) fail();
    png_read_end(png_, nullptr);
  }

  void load() {
    if (row_bytes_ > kMostInterlaced / static_cast<std::size_t>(size_.height)) {
      refuse_mask("the PNG is interlaced and has more than 256 MiB of pixels", "save it without interlacing");
    }
    whole_.resize(row_bytes_ * static_cast<std::size_t>(size_.height));
    for (int pass = 0; pass < passes_; ++pass) {
      for (std::int64_t y = 0; y < size_.height; ++y) read_row(&whole_[static_cast<std::size_t>(y) * row_bytes_]);
    }
  }

  bool is_tissue(const std::uint8_t* pixel) const {
    const auto set = [](std::uint8_t byte) { return byte != 0; };
    const std::uint8_t* alpha = pixel + pixel_bytes_ - alpha_bytes_;
    return std::any_of(pixel, alpha, set) && (alpha_bytes_ == 0 || std::any_of(alpha, alpha + alpha_bytes_, set));
  }

  File file_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  char complaint_[128] = "";
  Size size_;
  std::size_t row_bytes_ = 0;
  int passes_ = 1, pixel_bytes_ = 0, alpha_bytes_ = 0;
  std::vector<std::uint8_t> row_, whole_;
};

// The share of each pixel of the frame that is tissue, summed up while the PNG's rows go by. Positions are pixels of the PNG.
class AreaAverage {
 public:
  AreaAverage(const MaskFrame& frame, Size png)
      : x_(scaled(frame.x_edges, static_cast<double>(png.width) / static_cast<double>(frame.slide.width), png.width)),
        y_(scaled(frame.y_edges, static_cast<double>(png.height) / static_cast<double>(frame.slide.height), png.height)),
        before_(static_cast<std::size_t>(png.width) + 1),
        widths_(static_cast<std::size_t>(frame.size.width)),
        sums_(widths_.size(), 0) {
    result_.reserve(static_cast<std::size_t>(frame.size.width * frame.size.height));
  }

  void add(const std::vector<std::uint8_t>& tissue) {
    measure(tissue);
    const double top = seen_, bottom = ++seen_;
    while (row_ + 1 < y_.size()) {
      const double overlap = std::min(bottom, y_[row_ + 1]) - std::max(top, y_[row_]);
      if (overlap > 0) {
        for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += overlap * widths_[i];
      }
      if (y_[row_ + 1] > bottom + kNoise) break;
      finish_row();
    }
  }

  MaskPixels take() { return std::move(result_); }

 private:
  static std::vector<double> scaled(std::vector<double> edges, double scale, std::int64_t most) {
    for (double& edge : edges) edge = std::clamp(edge * scale, 0.0, static_cast<double>(most));
    return edges;
  }

  // How much of each of the frame's columns is tissue in this row.
  void measure(const std::vector<std::uint8_t>& tissue) {
    for (std::size_t x = 0; x < tissue.size(); ++x) before_[x + 1] = before_[x] + tissue[x];
    const auto left_of = [&](double x) {
      const std::size_t i = std::min(static_cast<std::size_t>(x), tissue.size() - 1);
      return static_cast<double>(before_[i]) + (x - static_cast<double>(i)) * tissue[i];
    };
    double left = left_of(x_[0]);
    for (std::size_t i = 0; i < widths_.size(); ++i) {
      const double right = left_of(x_[i + 1]);
      widths_[i] = right - left;
      left = right;
    }
  }

  void finish_row() {
    const double height = y_[row_ + 1] - y_[row_];
    for (std::size_t i = 0; i < sums_.size(); ++i) {
      const double area = height * (x_[i + 1] - x_[i]);
      result_.push_back(area > 0 && sums_[i] >= (0.5 - kNoise) * area);
      sums_[i] = 0;
    }
    ++row_;
  }

  std::vector<double> x_, y_;
  std::vector<std::int64_t> before_;
  std::vector<double> widths_, sums_;
  MaskPixels result_;
  std::size_t row_ = 0;
  double seen_ = 0;
};

void require_shape_of_slide(Size png, Size slide) {
  const double across = static_cast<double>(slide.width) / static_cast<double>(png.width);
  const double down = static_cast<double>(slide.height) / static_cast<double>(png.height);
  if (std::abs(across / down - 1) <= kAspectSlack) return;
  refuse_mask(fmt::format("the PNG has {} x {} pixels and the slide {} x {}: their aspect ratios are more than 1 % apart", png.width,
                          png.height, slide.width, slide.height),
              "export a mask of the whole slide");
}

}  // namespace

MaskPixels draw_mask_png(const std::filesystem::path& file, const MaskFrame& frame) {
  PngRows rows(file);
  require_shape_of_slide(rows.size(), frame.slide);
  AreaAverage average(frame, rows.size());
  rows.each([&](const std::vector<std::uint8_t>& row) { average.add(row); });
  return average.take();
}

}  // namespace microtome
