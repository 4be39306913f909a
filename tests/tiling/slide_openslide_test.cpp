// SPDX-License-Identifier: Apache-2.0
// Learn here how real files behave under OpenSlide: the three outcomes of opening, levels that must not be trusted, damage that stays
// local.
#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/support/tiff_slide.h"
#include "tiling/readers.h"

namespace microtome {
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<std::uint8_t>;

const fs::path kSlides = fs::path(MICROTOME_SHARED) / "slides";

// A folder of its own for each test, named like a patient so that leaks show.
class SlideFile : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string test = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    folder_ = fs::temp_directory_path() / ("microtome_" + test + "_" + std::to_string(::getpid()));
    fs::create_directories(folder_ / "Smith_J");
    path_ = folder_ / "Smith_J" / "Smith John 1950.tif";
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_, path_;
};

// Pixels that compress badly, so that every stored tile is long enough to damage, and that differ everywhere.
TiffSlideLevel noise(Size size) {
  TiffSlideLevel level{size, {}};
  std::uint32_t state = 1;
  for (std::int64_t i = 0; i < size.width * size.height * 3; ++i) {
    state = state * 1664525u + 1013904223u;
    level.rgb.push_back(static_cast<std::uint8_t>(state >> 24));
  }
  return level;
}

TiffSlideSettings noise_slide(std::vector<Size> sizes) {
  TiffSlideSettings settings;
  for (const Size size : sizes) settings.levels.push_back(noise(size));
  return settings;
}

Bytes read(const Slide& slide, int level, Level0Point origin, Size size) {
  Bytes rgb(size.width * size.height * 3);
  const double d = slide.info().levels[level].downsample;
  read_window(slide, level, std::llround(static_cast<double>(origin.x_level0) / d), std::llround(static_cast<double>(origin.y_level0) / d),
              size, rgb);
  return rgb;
}

Bytes read_level(const Slide& slide, int level) { return read(slide, level, {0, 0}, slide.info().levels[level].size); }

std::pair<std::string, std::string> open_error(const fs::path& path) {
  try {
    open_with_openslide(path);
  } catch (const SlideError& error) {
    return {error.code(), error.what()};
  }
  return {"", "opened"};
}

void expect_anonymous(const std::string& sentence) {
  EXPECT_EQ(sentence.find("Smith"), std::string::npos) << sentence;
  EXPECT_EQ(sentence.find(fs::temp_directory_path().string()), std::string::npos) << sentence;
}

TEST(RealSlide, TellsItsFacts) {
  const fs::path path = kSlides / "CMU-1-Small-Region.svs";
  ASSERT_TRUE(fs::exists(path))
      << "the real slide is not at MICROTOME_SHARED/slides: set -DMICROTOME_SHARED to the folder that holds slides/";
  const auto slide = open_with_openslide(path);
  const SlideInfo& info = slide->info();
  EXPECT_EQ(info.vendor, "aperio");
  EXPECT_EQ(info.reader, slide_library_version());
  ASSERT_EQ(info.levels.size(), 1u);
  EXPECT_EQ(info.levels[0].size, (Size{2220, 2967}));
  EXPECT_EQ(info.levels[0].tile, (Size{240, 240}));
  EXPECT_EQ(info.levels[0].downsample, 1);
  EXPECT_TRUE(info.levels[0].trusted);
  ASSERT_TRUE(info.scale.has_value());
  EXPECT_DOUBLE_EQ(info.scale->mpp, 0.499);
  EXPECT_EQ(info.scale->source, "openslide.mpp");
  EXPECT_EQ(info.bounds.width_level0, 2220);
  EXPECT_EQ(info.bounds.height_level0, 2967);
  EXPECT_EQ(info.background.g, 255);
  const Bytes corner = read(*slide, 0, {1000, 1000}, {2, 2});
  const Bytes again = read(*slide, 0, {1001, 1001}, {1, 1});
  EXPECT_EQ(Bytes(corner.end() - 3, corner.end()), again);
}

TEST(RealSlide, OutsideTheSlideIsBackground) {
  const auto slide = open_with_openslide(kSlides / "CMU-1-Small-Region.svs");
  EXPECT_EQ(read(*slide, 0, {-10, -10}, {10, 10}), Bytes(300, 255));
  EXPECT_EQ(read(*slide, 0, {2220, 2967}, {5, 5}), Bytes(75, 255));
}

TEST(RealSlide, ATruncatedFileIsNotASlide) {
  const fs::path path = kSlides / "broken.svs";
  ASSERT_TRUE(fs::exists(path))
      << "the broken slide is not at MICROTOME_SHARED/slides: set -DMICROTOME_SHARED to the folder that holds slides/";
  EXPECT_FALSE(looks_like_slide(path));
  EXPECT_TRUE(looks_like_slide(kSlides / "CMU-1-Small-Region.svs"));
  const auto [code, sentence] = open_error(path);
  EXPECT_EQ(code, "not_a_slide");
  EXPECT_EQ(sentence, "open the slide: " + slide_library_version() +
                          " does not know this file's format: check that the file is complete, or leave it out of the archive");
}

TEST(RealSlide, AMissingFileIsNotASlide) {
  EXPECT_FALSE(looks_like_slide(kSlides / "nowhere.svs"));
  EXPECT_EQ(open_error(kSlides / "nowhere.svs").first, "not_a_slide");
  EXPECT_EQ(open_error(kSlides).first, "not_a_slide");
}

TEST_F(SlideFile, ARecognisedButBrokenFileCannotBeOpenedAndItsNameStaysInside) {
  write_tiff_slide(path_, noise_slide({{600, 500}}));
  damage_compression_tag(path_);
  EXPECT_TRUE(looks_like_slide(path_));
  const auto [code, sentence] = open_error(path_);
  EXPECT_EQ(code, "cannot_open");
  EXPECT_EQ(sentence, "open the slide: Unsupported TIFF compression: 9999: the file is damaged or of a variant that " +
                          slide_library_version() + " cannot read, copy it again or convert it");
  expect_anonymous(sentence);
}

TEST_F(SlideFile, PixelsAreThoseThatWereWrittenOnEveryTrustedLevel) {
  const TiffSlideSettings settings = noise_slide({{1000, 800}, {500, 400}, {256, 300}});
  write_tiff_slide(path_, settings);
  const auto slide = open_with_openslide(path_);
  ASSERT_EQ(slide->info().levels.size(), 3u);
  EXPECT_EQ(slide->info().vendor, "generic-tiff");
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(slide->info().levels[i].trusted);
    EXPECT_EQ(read_level(*slide, i), settings.levels[i].rgb) << "level " << i;
  }
}

TEST_F(SlideFile, ALevelSmallerThanATileIsNotTrustedAndRightlySo) {
  const TiffSlideSettings settings = noise_slide({{1000, 800}, {250, 400}, {500, 200}});
  write_tiff_slide(path_, settings);
  const auto slide = open_with_openslide(path_);
  ASSERT_EQ(slide->info().levels.size(), 3u);
  EXPECT_TRUE(slide->info().levels[0].trusted);
  for (int i = 1; i < 3; ++i) {
    EXPECT_FALSE(slide->info().levels[i].trusted);
    const Size size = slide->info().levels[i].size;
    const auto written =
        std::find_if(settings.levels.begin(), settings.levels.end(), [&](const auto& level) { return level.size == size; });
    ASSERT_NE(written, settings.levels.end());
    EXPECT_NE(read_level(*slide, i), written->rgb) << "the library reads this level well now: the rule can go";
  }
}

TEST_F(SlideFile, ASlideSmallerThanOneTileIsRefused) {
  write_tiff_slide(path_, noise_slide({{200, 800}}));
  const auto [code, sentence] = open_error(path_);
  EXPECT_EQ(code, "cannot_open");
  EXPECT_EQ(sentence, "open the slide: its full resolution is smaller than one stored tile, which " + slide_library_version() +
                          " may read scrambled: store it again with smaller tiles");
}

TEST_F(SlideFile, TheScaleComesFromTheFilesOwnTags) {
  TiffSlideSettings settings = noise_slide({{600, 500}});
  settings.codec = TiffCodec::jpeg;
  write_tiff_slide(path_, settings);
  EXPECT_FALSE(open_with_openslide(path_)->info().scale.has_value());

  settings.pixels_per_cm = 40000;
  write_tiff_slide(path_, settings);
  auto scale = open_with_openslide(path_)->info().scale;
  ASSERT_TRUE(scale.has_value());
  EXPECT_NEAR(scale->mpp, 0.25, 1e-6);
  EXPECT_EQ(scale->source, "tiff.resolution");

  settings.description = "Aperio Image Library v11.2.1 \r\n600x500 [0,0 600x500] (256x256) JPEG/RGB Q=95|AppMag = 20|MPP = 0.5";
  write_tiff_slide(path_, settings);
  scale = open_with_openslide(path_)->info().scale;
  ASSERT_TRUE(scale.has_value());
  EXPECT_NEAR(scale->mpp, 0.5, 1e-12);
  EXPECT_EQ(scale->source, "openslide.mpp");
}

// The tiles of a 3 x 3 tile slide of which the middle one is damaged.
class DamagedSlide : public SlideFile {
 protected:
  void SetUp() override {
    SlideFile::SetUp();
    settings_ = noise_slide({{768, 768}});
    write_tiff_slide(path_, settings_);
    damage_tile(path_, kDamaged);
  }
  static constexpr int kDamaged = 4;
  static Level0Point tile(int number) { return {number % 3 * 256, number / 3 * 256}; }
  Bytes written(int number) const {
    Bytes rgb;
    for (std::int64_t y = 0; y < 256; ++y) {
      const auto row = settings_.levels[0].rgb.begin() + ((tile(number).y_level0 + y) * 768 + tile(number).x_level0) * 3;
      rgb.insert(rgb.end(), row, row + 256 * 3);
    }
    return rgb;
  }
  // True when tile `number` reads as written, or fails where it must.
  bool behaves(const Slide& slide, int number) const {
    try {
      return read(slide, 0, tile(number), {256, 256}) == written(number) && number != kDamaged;
    } catch (const SlideError& error) {
      return number == kDamaged && error.code() == "read_failed";
    }
  }
  TiffSlideSettings settings_;
};

TEST_F(DamagedSlide, ADamagedTileFailsInASentenceAndTheNextReadIsWell) {
  const auto slide = open_with_openslide(path_);
  for (int round = 0; round < 2; ++round) {
    for (int number = 0; number < 9; ++number) EXPECT_TRUE(behaves(*slide, number)) << number;
  }
  try {
    read(*slide, 0, {300, 300}, {10, 20});
    ADD_FAILURE() << "no error";
  } catch (const SlideError& error) {
    const std::string sentence = error.what();
    EXPECT_EQ(sentence.rfind("read 10 x 20 pixels of level 0 at (300, 300): ", 0), 0u) << sentence;
    EXPECT_NE(sentence.find(": the file is damaged there, copy it again from its source"), std::string::npos) << sentence;
    expect_anonymous(sentence);
  }
}

TEST_F(DamagedSlide, OneThreadsBadTileNeverFailsAnothersGoodOne) {
  const auto slide = open_with_openslide(path_);
  std::atomic<int> misbehaved{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 27; ++i) misbehaved += !behaves(*slide, (i * 4 + t * 2) % 9);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(misbehaved, 0);
}

TEST_F(DamagedSlide, AFileThatGoesAwayFailsTheReadsThatNeedItAgain) {
  const auto slide = open_with_openslide(path_);
  EXPECT_TRUE(behaves(*slide, kDamaged));
  fs::remove(path_);
  try {
    read(*slide, 0, {0, 0}, {4, 4});
    ADD_FAILURE() << "no error";
  } catch (const SlideError& error) {
    EXPECT_EQ(error.code(), "read_failed");
    EXPECT_STREQ(
        error.what(),
        "read 4 x 4 pixels of level 0 at (0, 0): the file is no longer a slide: the file is damaged there, copy it again from its source");
  }
}

}  // namespace
}  // namespace microtome
