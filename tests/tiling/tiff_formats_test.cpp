// SPDX-License-Identifier: Apache-2.0
// Learn here which pixels and facts our own TIFF reader shares with OpenSlide, format by format, and where the two may differ and why.
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "tests/support/temp_dir.h"
#include "tests/support/tiff_formats.h"
#include "tiling/readers.h"

namespace microtome {
namespace {

const std::vector<Size> kSizes{{600, 500}, {300, 250}};

// How far a byte may be from OpenSlide's, where it may be at all.
const std::map<std::string, int> kApart = {
    // OpenSlide premultiplies, rounds, and only then lays the pixel over white; we round once
    {"rgb_alpha", 1},
    {"rgb_alpha_lzw_predictor", 1},
};

// What OpenSlide 3.4.1 cannot read or reads from elsewhere; formats_oracle.py compares these with tifffile.
const std::map<std::string, std::string> kNotInOpenSlide = {
    {"jpeg_big_endian", "takes no classic TIFF of this byte order for a TIFF"},
    {"jpeg_sparse", "fails on a tile that is not stored"},
    {"deflate_sparse", "fails on a tile that is not stored"},
    {"aperio_jpeg_sparse", "draws lower levels around such a tile from the level above, not from what is stored"},
    {"aperio_33005_sparse", "draws lower levels around such a tile from the level above, not from what is stored"},
};

std::unique_ptr<Slide> open_ours(const std::filesystem::path& path) {
  std::string why_not;
  auto slide = open_with_tiff(open_file_bytes(path), why_not);
  if (!slide) throw std::runtime_error(why_not);
  return slide;
}

Bytes window_of(const Slide& slide, int level, std::int64_t x, std::int64_t y, Size size) {
  Bytes rgb(size.width * size.height * 3);
  const WindowShift shift = read_window(slide, level, x, y, size, rgb);
  EXPECT_EQ(shift.x, 0);
  EXPECT_EQ(shift.y, 0);
  return rgb;
}

Bytes whole_level(const Slide& slide, int level) { return window_of(slide, level, 0, 0, slide.info().levels[level].size); }

int furthest(const Bytes& a, const Bytes& b) {
  if (a.size() != b.size()) return 256;
  int most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(a[i] - b[i]));
  return most;
}

std::vector<Level> stored_levels(const Slide& slide) {
  std::vector<Level> stored;
  for (const Level& level : slide.info().levels) {
    if (level.reduction == 0) stored.push_back(level);
  }
  return stored;
}

void expect_same_facts(const Slide& ours, const Slide& theirs) {
  const SlideInfo &a = ours.info(), &b = theirs.info();
  EXPECT_EQ(a.vendor, b.vendor);
  const std::vector<Level> levels = stored_levels(ours);
  ASSERT_EQ(levels.size(), b.levels.size());
  for (std::size_t i = 0; i < levels.size(); ++i) {
    EXPECT_EQ(levels[i].size, b.levels[i].size);
    EXPECT_EQ(levels[i].tile, b.levels[i].tile);
    EXPECT_DOUBLE_EQ(levels[i].downsample, b.levels[i].downsample);
    EXPECT_EQ(levels[i].offset, 0);
  }
  ASSERT_EQ(a.scale.has_value(), b.scale.has_value());
  if (a.scale) {
    EXPECT_DOUBLE_EQ(a.scale->mpp, b.scale->mpp);
    EXPECT_DOUBLE_EQ(a.scale->y_over_x, b.scale->y_over_x);
    EXPECT_EQ(a.scale->source, b.scale->source);
  }
  EXPECT_EQ(a.bounds.x_level0, b.bounds.x_level0);
  EXPECT_EQ(a.bounds.y_level0, b.bounds.y_level0);
  EXPECT_EQ(a.bounds.width_level0, b.bounds.width_level0);
  EXPECT_EQ(a.bounds.height_level0, b.bounds.height_level0);
  EXPECT_EQ(a.background.r, b.background.r);
}

class Format : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { write_tiff_slide(path_, tiff_format(GetParam(), kSizes).settings); }
  bool in_openslide() const { return !kNotInOpenSlide.contains(GetParam()); }
  TempDir folder_;
  std::filesystem::path path_ = folder_ / "slide.tif";
};

TEST_P(Format, WholeLevelsAreOpenSlidesPixels) {
  const auto ours = open_ours(path_);
  ASSERT_EQ(stored_levels(*ours).size(), 2u);
  if (!in_openslide()) return;
  const auto theirs = open_with_openslide(path_);
  for (int level = 0; level < 2; ++level) {
    EXPECT_LE(furthest(whole_level(*ours, level), whole_level(*theirs, level)), kApart.contains(GetParam()) ? kApart.at(GetParam()) : 0) << level;
  }
}

TEST_P(Format, AWindowIsTheSamePartOfTheWholeLevel) {
  const auto slide = open_ours(path_);
  for (int level = 0; level < 2; ++level) {
    const Size size = slide->info().levels[level].size;
    const Bytes whole = whole_level(*slide, level);
    for (const Level0Point at : {Level0Point{0, 0}, {127, 127}, {-13, 101}, {size.width - 31, size.height - 29}, {97, -300}}) {
      const Size wanted{161, 57};
      const Bytes part = window_of(*slide, level, at.x_level0, at.y_level0, wanted);
      Bytes expected(part.size(), 255);
      for (std::int64_t i = 0; i < wanted.width * wanted.height; ++i) {
        const std::int64_t x = at.x_level0 + i % wanted.width, y = at.y_level0 + i / wanted.width;
        if (x < 0 || y < 0 || x >= size.width || y >= size.height) continue;
        std::copy_n(&whole[(y * size.width + x) * 3], 3, &expected[i * 3]);
      }
      EXPECT_EQ(furthest(part, expected), 0) << "level " << level << " at " << at.x_level0 << ", " << at.y_level0;
    }
  }
}

TEST_P(Format, FactsAreOpenSlides) {
  if (in_openslide()) expect_same_facts(*open_ours(path_), *open_with_openslide(path_));
}

TEST_P(Format, WhatOpenSlideIsSaidNotToReadItDoesNotRead) {
  if (in_openslide()) return;
  try {
    const auto theirs = open_with_openslide(path_);
    const auto ours = open_ours(path_);
    EXPECT_NE(whole_level(*theirs, 0).size() + furthest(whole_level(*theirs, 1), whole_level(*ours, 1)), whole_level(*theirs, 0).size())
        << "the library reads this now: compare with it";
  } catch (const SlideError&) {
  }
}

INSTANTIATE_TEST_SUITE_P(Tiff, Format, ::testing::ValuesIn(tiff_format_names()), [](const auto& info) { return info.param; });

TEST(TiffFormats, ASlideSmallerThanATileIsReadWhereOpenSlideWouldScrambleIt) {
  const TempDir folder;
  const auto path = folder / "slide.tif";
  for (const TiffCodec codec : {TiffCodec::deflate, TiffCodec::lzw, TiffCodec::uncompressed}) {
    TiffSlideSettings settings;
    settings.codec = codec;
    settings.levels = tissue_pyramid({{200, 300}, {100, 150}});
    write_tiff_slide(path, settings);
    const auto slide = open_ours(path);
    for (int level = 0; level < 2; ++level) {
      EXPECT_TRUE(slide->info().levels[level].trusted);
      EXPECT_EQ(whole_level(*slide, level), settings.levels[level].rgb) << level;
    }
  }
}

TEST(TiffFormats, PixelsOfCodecsThatKeepEveryByteAreThoseThatWereWritten) {
  const TempDir folder;
  const auto path = folder / "slide.tif";
  for (const char* name : {"deflate", "deflate_predictor", "deflate_bigtiff_big_endian", "lzw", "lzw_predictor", "uncompressed", "aperio_33005"}) {
    const TiffFormat format = tiff_format(name, kSizes);
    write_tiff_slide(path, format.settings);
    const auto slide = open_ours(path);
    for (int level = 0; level < 2; ++level) EXPECT_EQ(whole_level(*slide, level), format.settings.levels[level].rgb) << name;
  }
}

TEST(TiffFormats, ATileThatIsNotStoredIsBackground) {
  const TempDir folder;
  const auto path = folder / "slide.tif";
  for (const char* name : {"jpeg_sparse", "deflate_sparse", "aperio_jpeg_sparse", "aperio_33005_sparse"}) {
    write_tiff_slide(path, tiff_format(name, kSizes).settings);
    const auto slide = open_ours(path);
    EXPECT_EQ(window_of(*slide, 0, 0, 0, {128, 128}), Bytes(128 * 128 * 3, 255)) << name;
    EXPECT_EQ(window_of(*slide, 0, 128, 128, {128, 128}), Bytes(128 * 128 * 3, 255)) << name;
    EXPECT_NE(window_of(*slide, 0, 128, 0, {128, 128}), Bytes(128 * 128 * 3, 255)) << name;
    EXPECT_NE(window_of(*slide, 1, 0, 0, {64, 64}), Bytes(64 * 64 * 3, 255)) << name;
  }
}

// ---- the real slide -------------------------------------------------------------------------------------------------------------------

const std::filesystem::path kRealSlide = std::filesystem::path(MICROTOME_SHARED) / "slides" / "CMU-1-Small-Region.svs";

TEST(RealSlideInTiffReader, EveryPixelAndFactIsOpenSlides) {
  const auto ours = open_ours(kRealSlide), theirs = open_with_openslide(kRealSlide);
  expect_same_facts(*ours, *theirs);
  EXPECT_EQ(whole_level(*ours, 0), whole_level(*theirs, 0));
}

// The mean of a box of the full resolution, each pixel by how much of it lies in the box.
double box_mean(const TiffSlideLevel& full, double left, double top, double side, int channel) {
  double sum = 0, area = 0;
  for (auto y = std::max<std::int64_t>(0, std::llround(std::floor(top))); static_cast<double>(y) < top + side && y < full.size.height; ++y) {
    const double height = std::min(top + side, static_cast<double>(y) + 1) - std::max(top, static_cast<double>(y));
    for (auto x = std::max<std::int64_t>(0, std::llround(std::floor(left))); static_cast<double>(x) < left + side && x < full.size.width; ++x) {
      const double width = std::min(left + side, static_cast<double>(x) + 1) - std::max(left, static_cast<double>(x));
      sum += width * height * full.rgb[(y * full.size.width + x) * 3 + channel];
      area += width * height;
    }
  }
  return sum / area;
}

// Of a reduced level against area averages of the full one, where the level says its pixels lie.
double psnr(const Slide& slide, int level, const TiffSlideLevel& full) {
  const Level& facts = slide.info().levels[level];
  const Bytes rgb = whole_level(slide, level);
  double squares = 0, count = 0;
  for (std::int64_t y = 0; y < static_cast<std::int64_t>(static_cast<double>(full.size.height) / facts.downsample); ++y) {
    for (std::int64_t x = 0; x < static_cast<std::int64_t>(static_cast<double>(full.size.width) / facts.downsample); ++x) {
      for (int c = 0; c < 3; ++c) {
        const double wanted = box_mean(full, (static_cast<double>(x) - facts.offset) * facts.downsample,
                                       (static_cast<double>(y) - facts.offset) * facts.downsample, facts.downsample, c);
        const double error = wanted - rgb[(y * facts.size.width + x) * 3 + c];
        squares += error * error;
        ++count;
      }
    }
  }
  return 10 * std::log10(255 * 255 / (squares / count));
}

TiffSlideLevel real_tissue() {
  const auto slide = open_with_openslide(kRealSlide);
  return {slide->info().levels[0].size, whole_level(*slide, 0)};
}

// Every reduced level, by how much it is reduced.
std::map<int, double> psnrs(const Slide& slide, const TiffSlideLevel& full, const std::string& name) {
  std::map<int, double> found;
  for (std::size_t i = 0; i < slide.info().levels.size(); ++i) {
    const int reduction = slide.info().levels[i].reduction;
    if (reduction == 0) continue;
    found[reduction] = psnr(slide, static_cast<int>(i), full);
    ::testing::Test::RecordProperty(name + "_reduced_" + std::to_string(reduction), std::to_string(found[reduction]));
    std::cout << name << " at 1/" << (1 << reduction) << ": " << found[reduction] << " dB\n";
  }
  return found;
}

TEST(ReducedLevel, OfTheRealJpegSlideIsCloseToAreaAverages) {
  const std::map<int, double> found = psnrs(*open_ours(kRealSlide), real_tissue(), "jpeg");
  ASSERT_EQ(found.size(), 3u);
  for (const auto& [reduction, db] : found) EXPECT_GE(db, 40) << reduction;
}

TEST(ReducedLevel, OfRealTissueInJpeg2000IsCloseToAreaAverages) {
  const TempDir folder;
  for (const char* name : {"aperio_33003_422", "aperio_33005", "aperio_33005_irreversible"}) {
    TiffFormat format = tiff_format(name, {{1, 1}});
    format.settings.tile = {240, 240};
    format.settings.levels = {real_tissue()};
    write_tiff_slide(folder / "slide.tif", format.settings);
    const auto slide = open_ours(folder / "slide.tif");
    const TiffSlideLevel full{slide->info().levels[0].size, whole_level(*slide, 0)};
    const std::map<int, double> found = psnrs(*slide, full, name);
    ASSERT_EQ(found.size(), 3u);
    for (const auto& [reduction, db] : found) EXPECT_GE(db, 40) << name << " " << reduction;
  }
}

}  // namespace
}  // namespace microtome
