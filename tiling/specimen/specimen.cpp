// SPDX-License-Identifier: Apache-2.0
// Draws a synthetic slide tile by tile and hands each tile to the file at once. Only the levels below the first are held, about one byte
// for each level-0 pixel, and the coarse grid of what varies slowly: an eighth of a byte, half a byte at 1 micron per pixel and above.
#include "tiling/specimen.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tiling/slide.h"
#include "tiling/specimen/canvas.h"
#include "tiling/specimen/fields.h"
#include "tiling/specimen/glands.h"
#include "tiling/specimen/marks.h"
#include "tiling/specimen/nuclei.h"
#include "tiling/specimen/shapes.h"
#include "tiling/specimen/specimen_tiff.h"
#include "tiling/specimen/stain.h"
#include "tiling/specimen/texture.h"

namespace microtome {
namespace {

constexpr int kMostMarks = 1000;
constexpr std::int64_t kMostPixels = std::int64_t{1} << 31;  // a classic TIFF ends at 4 GB; this many pixels stay well below

// A whole level in memory, rows of RGB bytes.
struct Raster {
  explicit Raster(Size size_px) : size(size_px), rgb(static_cast<std::size_t>(size_px.width * size_px.height * 3)) {}
  std::uint8_t* pixel(std::int64_t x, std::int64_t y) { return &rgb[static_cast<std::size_t>((y * size.width + x) * 3)]; }
  const std::uint8_t* pixel(std::int64_t x, std::int64_t y) const { return &rgb[static_cast<std::size_t>((y * size.width + x) * 3)]; }
  Size size;
  std::vector<std::uint8_t> rgb;
};

void check(const SpecimenSettings& settings) {
  const auto refuse = [](const std::string& what) { throw SlideError("bad_specimen", "a synthetic slide cannot be drawn: " + what); };
  if (settings.width < kSpecimenTile || settings.height < kSpecimenTile) {
    refuse(fmt::format("{} x {} pixels were asked for: neither side may be below {}", settings.width, settings.height, kSpecimenTile));
  }
  if (static_cast<std::int64_t>(settings.width) * settings.height > kMostPixels) {
    refuse(fmt::format("{} x {} pixels were asked for: at most {} in all", settings.width, settings.height, kMostPixels));
  }
  if (!(settings.mpp >= 0.05 && settings.mpp <= 10)) {
    refuse(fmt::format("a scale of {} microns per pixel was asked for: choose 0.05 to 10", settings.mpp));
  }
  if (!(settings.tumour_share >= 0 && settings.tumour_share <= 1)) {
    refuse(fmt::format("a tumour share of {} was asked for: choose 0 to 1", settings.tumour_share));
  }
  if (settings.pen_strokes < 0 || settings.pen_strokes > kMostMarks || settings.coarse_dust < 0 || settings.coarse_dust > kMostMarks) {
    refuse(
        fmt::format("{} pen strokes and {} specks were asked for: choose 0 to {}", settings.pen_strokes, settings.coarse_dust, kMostMarks));
  }
}

void draw_tissue(Canvas& canvas, const SpecimenFields& fields) {
  draw_ground(canvas, fields);
  const std::vector<Gland> glands = glands_near(fields, canvas.x0, canvas.y0, static_cast<float>(canvas.size) * canvas.mpp);
  for (const Gland& gland : glands) draw_gland(canvas, gland);
  for (const Nucleus& nucleus : nuclei_near(canvas, fields, glands)) draw_nucleus(canvas, nucleus);
}

void draw_tile(Canvas& canvas, const SpecimenFields& fields, int x, int y) {
  canvas.x0 = static_cast<float>(x * fields.settings().mpp);
  canvas.y0 = static_cast<float>(y * fields.settings().mpp);
  std::fill(canvas.hematoxylin.begin(), canvas.hematoxylin.end(), 0.0F);
  std::fill(canvas.eosin.begin(), canvas.eosin.end(), 0.0F);
  const RingGrid grid{static_cast<double>(x), static_cast<double>(y), 1.0, canvas.size, canvas.size};
  cover_grid(fields.shapes().tissue, grid, canvas.tissue);
  if (std::any_of(canvas.tissue.begin(), canvas.tissue.end(), [](float share) { return share > 0; })) draw_tissue(canvas, fields);
}

Size half(Size size) { return {size.width / 2, size.height / 2}; }

bool holds_a_tile(Size size) { return size.width >= kSpecimenTile && size.height >= kSpecimenTile; }

// The mean of each two by two pixels of `from`, whose first row is `width` pixels long, goes to `to` at (x, y) as far as it lies on it.
void halve_into(const std::uint8_t* from, std::int64_t width, Size count, Raster& to, std::int64_t x, std::int64_t y) {
  const std::int64_t columns = std::min(count.width / 2, to.size.width - x);
  const std::int64_t rows = std::min(count.height / 2, to.size.height - y);
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::uint8_t* upper = from + 2 * row * width * 3;
    const std::uint8_t* lower = upper + width * 3;
    for (std::int64_t column = 0; column < columns; ++column, upper += 6, lower += 6) {
      std::uint8_t* target = to.pixel(x + column, y + row);
      for (int c = 0; c < 3; ++c) target[c] = static_cast<std::uint8_t>((upper[c] + upper[c + 3] + lower[c] + lower[c + 3] + 2) / 4);
    }
  }
}

template <class Write>
void for_each_tile(Size size, Write write) {
  for (int y = 0; y < size.height; y += kSpecimenTile) {
    for (int x = 0; x < size.width; x += kSpecimenTile) write(x, y);
  }
}

// Where a tile overhangs the level, its last row and column go on, so that compression does not smear an artificial edge into the picture.
void copy_tile(const Raster& level, int x, int y, std::span<std::uint8_t> tile) {
  for (int row = 0; row < kSpecimenTile; ++row) {
    for (int column = 0; column < kSpecimenTile; ++column) {
      const std::uint8_t* from =
          level.pixel(std::min<std::int64_t>(x + column, level.size.width - 1), std::min<std::int64_t>(y + row, level.size.height - 1));
      std::copy_n(from, 3, &tile[static_cast<std::size_t>((row * kSpecimenTile + column) * 3)]);
    }
  }
}

// Level 0 is drawn, written and halved in one go.
Raster write_drawing(SpecimenFile& file, const SpecimenFields& fields, const SpecimenMarks& marks) {
  const Size size{fields.settings().width, fields.settings().height};
  const SpecimenStain stain(fields.settings().seed);
  Canvas canvas(kSpecimenTile, static_cast<float>(fields.settings().mpp));
  std::vector<std::uint8_t> tile(canvas.pixels() * 3);
  Raster next(half(size));
  file.begin_level(size);
  for_each_tile(size, [&](int x, int y) {
    draw_tile(canvas, fields, x, y);
    stain.develop(canvas, fields, marks, tile);
    file.write_tile(x, y, tile);
    halve_into(tile.data(), kSpecimenTile, {kSpecimenTile, kSpecimenTile}, next, x / 2, y / 2);
  });
  file.end_level();
  return next;
}

void write_level(SpecimenFile& file, const Raster& level) {
  std::vector<std::uint8_t> tile(static_cast<std::size_t>(kSpecimenTile) * kSpecimenTile * 3);
  file.begin_level(level.size);
  for_each_tile(level.size, [&](int x, int y) {
    copy_tile(level, x, y, tile);
    file.write_tile(x, y, tile);
  });
  file.end_level();
}

void write_pyramid(SpecimenFile& file, const SpecimenFields& fields, const SpecimenMarks& marks) {
  Raster level = write_drawing(file, fields, marks);
  while (holds_a_tile(level.size)) {
    write_level(file, level);
    Raster next(half(level.size));
    halve_into(level.rgb.data(), level.size.width, level.size, next, 0, 0);
    level = std::move(next);
  }
}

double add_regions(const std::vector<Ring>& rings, const std::string& name, double mpp, Specimen& specimen) {
  double mm2 = 0;
  for (const Ring& ring : rings) {
    specimen.regions.push_back({name, ring});
    mm2 += ring_area(ring) * mpp * mpp * 1e-6;
  }
  return mm2;
}

}  // namespace

Specimen make_specimen(const std::filesystem::path& path, const SpecimenSettings& settings) {
  check(settings);
  const SpecimenFields fields(settings, plan_shapes(settings));
  const SpecimenMarks marks(settings);
  SpecimenFile file(path, {settings.width, settings.height}, settings.mpp);
  write_pyramid(file, fields, marks);
  Specimen specimen;
  specimen.tissue_mm2 = add_regions(fields.shapes().tissue, "tissue", settings.mpp, specimen);
  specimen.tumour_mm2 = add_regions(fields.shapes().tumour, "tumour", settings.mpp, specimen);
  add_regions(marks.stroke_rings(), "pen", settings.mpp, specimen);
  add_regions(marks.speck_rings(), "dust", settings.mpp, specimen);
  return specimen;
}

}  // namespace microtome
