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

// Whole fractions, that cut the last tiles.
const std::vector<TiffSlideLevel>& levels() {
  static const std::vector<TiffSlideLevel> kLevels = tissue_pyramid({{600, 500}, {300, 250}});
  return kLevels;
}

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

// How far apart two bytes are at most: a better message than two pictures.
int furthest(const Bytes& a, const Bytes& b) {
  if (a.size() != b.size()) return 256;
  int most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(a[i] - b[i]));
  return most;
}

bool openslide_fails_or_differs(const std::filesystem::path& path, const Slide& ours) {
  try {
    const auto theirs = open_with_openslide(path);
    return whole_level(*theirs, 0) != whole_level(ours, 0) || whole_level(*theirs, 1) != whole_level(ours, 1);
  } catch (const SlideError&) {
    return true;
  }
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
    // without OpenSlide the number comes straight from Aperio's own field
    EXPECT_EQ(a.scale->source, b.scale->source == "openslide.mpp" ? "aperio.MPP" : b.scale->source);
  }
  EXPECT_EQ(a.bounds.x_level0, b.bounds.x_level0);
  EXPECT_EQ(a.bounds.y_level0, b.bounds.y_level0);
  EXPECT_EQ(a.bounds.width_level0, b.bounds.width_level0);
  EXPECT_EQ(a.bounds.height_level0, b.bounds.height_level0);
  EXPECT_EQ(a.background.r, b.background.r);
}

class Format : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { write_tiff_slide(path_, tiff_format(GetParam(), levels())); }
  TempDir folder_;
  std::filesystem::path path_ = folder_ / "slide.tif";
};

TEST_P(Format, PixelsAndFactsAreOpenSlides) {
  const auto ours = open_ours(path_);
  ASSERT_EQ(stored_levels(*ours).size(), 2u);
  if (kNotInOpenSlide.contains(GetParam())) {
    EXPECT_TRUE(openslide_fails_or_differs(path_, *ours)) << "the library reads this now: compare with it";
    return;
  }
  const auto theirs = open_with_openslide(path_);
  expect_same_facts(*ours, *theirs);
  for (int level = 0; level < 2; ++level) EXPECT_EQ(furthest(whole_level(*ours, level), whole_level(*theirs, level)), 0) << level;
}

// The part of a whole level, or white outside of it.
Bytes part_of(const Bytes& whole, Size level, Level0Point at, Size wanted) {
  Bytes part(wanted.width * wanted.height * 3, 255);
  for (std::int64_t i = 0; i < wanted.width * wanted.height; ++i) {
    const std::int64_t x = at.x_level0 + i % wanted.width, y = at.y_level0 + i / wanted.width;
    if (x >= 0 && y >= 0 && x < level.width && y < level.height) std::copy_n(&whole[(y * level.width + x) * 3], 3, &part[i * 3]);
  }
  return part;
}

TEST_P(Format, AWindowIsThatPartOfTheWholeLevelReducedOnesIncluded) {
  const auto slide = open_ours(path_);
  for (int level = 0; level < static_cast<int>(slide->info().levels.size()); ++level) {
    const Size size = slide->info().levels[level].size, wanted{size.width / 4 + 11, size.height / 8 + 1};
    const Bytes whole = whole_level(*slide, level);
    for (const Level0Point at : {Level0Point{0, 0}, {size.width / 5, size.height / 4}, {-13, 101}, {size.width - 31, size.height - 29}, {97, -3000}}) {
      EXPECT_EQ(window_of(*slide, level, at.x_level0, at.y_level0, wanted), part_of(whole, size, at, wanted))
          << "level " << level << " at " << at.x_level0 << ", " << at.y_level0;
    }
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
    write_tiff_slide(path, tiff_format(name, levels()));
    const auto slide = open_ours(path);
    for (int level = 0; level < 2; ++level) EXPECT_EQ(whole_level(*slide, level), levels()[level].rgb) << name;
  }
}

TEST(TiffFormats, ATileThatIsNotStoredIsBackground) {
  const TempDir folder;
  const auto path = folder / "slide.tif";
  for (const char* name : {"jpeg_sparse", "deflate_sparse", "aperio_jpeg_sparse", "aperio_33005_sparse"}) {
    write_tiff_slide(path, tiff_format(name, levels()));
    const auto slide = open_ours(path);
    EXPECT_EQ(window_of(*slide, 0, 0, 0, {128, 128}), Bytes(128 * 128 * 3, 255)) << name;
    EXPECT_EQ(window_of(*slide, 0, 128, 128, {128, 128}), Bytes(128 * 128 * 3, 255)) << name;
    EXPECT_NE(window_of(*slide, 0, 128, 0, {128, 128}), Bytes(128 * 128 * 3, 255)) << name;
    EXPECT_NE(window_of(*slide, 1, 0, 0, {64, 64}), Bytes(64 * 64 * 3, 255)) << name;
  }
}

const std::filesystem::path kRealSlide = std::filesystem::path(MICROTOME_SHARED) / "slides" / "CMU-1-Small-Region.svs";

TEST(RealSlideInTiffReader, EveryPixelAndFactIsOpenSlides) {
  const auto ours = open_ours(kRealSlide), theirs = open_with_openslide(kRealSlide);
  expect_same_facts(*ours, *theirs);
  EXPECT_TRUE(whole_level(*ours, 0) == whole_level(*theirs, 0));
}

}  // namespace
}  // namespace microtome
