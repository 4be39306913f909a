// SPDX-License-Identifier: Apache-2.0
// Pictures on disk: what they look like, that equal input gives equal bytes, and that a full or closed disk is a sentence, never a silent
// loss.
#include "reporting/image_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <vector>

#include "reporting/report_error.h"
#include "tests/reporting/picture_vips.h"
#include "tests/reporting/sample_findings.h"

namespace microtome {
namespace {

namespace fs = std::filesystem;

class ImageFile : public testing::Test {
 protected:
  static void SetUpTestSuite() { start_image_library("test_reporting", 1); }
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  fs::path folder_;
};

std::string bytes_of(const fs::path& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

std::string error_of(const std::function<void()>& write) {
  try {
    write();
  } catch (const ReportError& error) {
    return error.what();
  }
  return "no error";
}

// A disk that is full after `bytes`: the kernel refuses to let a file of this process grow further.
class SmallDisk {
 public:
  explicit SmallDisk(rlim_t bytes) : before_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &limit_);
    const rlimit small{bytes, limit_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
  }
  ~SmallDisk() {
    setrlimit(RLIMIT_FSIZE, &limit_);
    std::signal(SIGXFSZ, before_);
  }

 private:
  void (*before_)(int);
  rlimit limit_{};
};

std::vector<std::uint8_t> ramp(Size size) {
  std::vector<std::uint8_t> rgb;
  for (std::int64_t y = 0; y < size.height; ++y)
    for (std::int64_t x = 0; x < size.width; ++x)
      for (const std::int64_t value : {x * 37 + y * 11, x * y, x * 7 + y * 91}) rgb.push_back(static_cast<std::uint8_t>(value));
  return rgb;
}

using ThumbnailFile = ImageFile;
using HeatmapPng = ImageFile;
using HeatmapTiff = ImageFile;
using FullDisk = ImageFile;

TEST_F(ThumbnailFile, ShrinksTheLongestSideTo2048AndNeverEnlarges) {
  for (const auto& [from, to] :
       std::vector<std::pair<Size, Size>>{{{4096, 1024}, {2048, 512}}, {{300, 200}, {300, 200}}, {{3, 6000}, {1, 2048}}}) {
    write_thumbnail(folder_ / "t.jpg", std::vector<std::uint8_t>(static_cast<std::size_t>(from.width * from.height * 3), 200), from);
    const Picture picture = read_picture(folder_ / "t.jpg");
    EXPECT_EQ(picture.size, to);
    EXPECT_EQ(picture.rgb[0], 200);
  }
}

TEST_F(ThumbnailFile, ComesBackAsEveryReaderSeesIt) {
  write_thumbnail(folder_ / "t.jpg", ramp({300, 200}), {300, 200});
  const PictureRgb back = read_thumbnail(folder_ / "t.jpg");
  const Picture picture = read_picture(folder_ / "t.jpg");
  EXPECT_EQ(back.size, picture.size);
  EXPECT_EQ(back.rgb, picture.rgb);
}

TEST_F(ThumbnailFile, ThatIsCutShortIsRefused) {
  write_thumbnail(folder_ / "t.jpg", ramp({300, 200}), {300, 200});
  std::filesystem::resize_file(folder_ / "t.jpg", std::filesystem::file_size(folder_ / "t.jpg") / 2);
  const std::string said = error_of([&] { read_thumbnail(folder_ / "t.jpg"); });
  EXPECT_EQ(said.find((folder_ / "t.jpg").string() + ": read the thumbnail: "), 0U) << said;
}

TEST_F(ThumbnailFile, GivesTheSameBytesAndNoMetadata) {
  write_thumbnail(folder_ / "a.jpg", ramp({1500, 900}), {1500, 900});
  write_thumbnail(folder_ / "b.jpg", ramp({1500, 900}), {1500, 900});
  const std::string bytes = bytes_of(folder_ / "a.jpg");
  EXPECT_EQ(bytes, bytes_of(folder_ / "b.jpg"));
  EXPECT_EQ(bytes.find("Exif"), std::string::npos);
  EXPECT_EQ(bytes.find("http"), std::string::npos);
}

TEST_F(HeatmapPng, BlendsHeatOverGreyExactlyWhereTilesWereRead) {
  // raster: 4x4 pixels of 16 level-0 pixels, one painted at column 2, row 1; overview: the level-0 square (16,16)..(64,64) at 8 per pixel
  RasterRgba raster{{4, 4}, std::vector<std::uint8_t>(64, 0)};
  const std::uint8_t heat[4] = {250, 100, 0, 255};
  std::copy(heat, heat + 4, raster.rgba.begin() + (1 * 4 + 2) * 4);
  std::vector<std::uint8_t> overview;
  for (int i = 0; i < 36; ++i) overview.insert(overview.end(), {200, 100, 50});
  write_heatmap_png(folder_ / "h.png", {{6, 6}, overview}, {16, 16, 48, 48}, raster, 16);
  const Picture picture = read_picture(folder_ / "h.png");
  ASSERT_EQ(picture.size, (Size{6, 6}));
  const int grey = 124;  // 0.299*200 + 0.587*100 + 0.114*50 = 124.2
  for (int y = 0; y < 6; ++y) {
    for (int x = 0; x < 6; ++x) {
      const bool hot = x >= 2 && x < 4 && y < 2;
      for (int channel = 0; channel < 3; ++channel) {
        const long expected = hot ? std::lround(grey * 0.45 + heat[channel] * 0.55) : grey;
        EXPECT_EQ(picture.rgb[static_cast<std::size_t>((y * 6 + x) * 3 + channel)], expected) << x << "," << y;
      }
    }
  }
}

TEST_F(HeatmapPng, GivesTheSameBytes) {
  const RasterRgba raster = sample_raster({100, 80});
  write_heatmap_png(folder_ / "a.png", {{2000, 160}, ramp({2000, 160})}, {0, 0, 1600, 128}, raster, 16);
  write_heatmap_png(folder_ / "b.png", {{2000, 160}, ramp({2000, 160})}, {0, 0, 1600, 128}, raster, 16);
  EXPECT_EQ(bytes_of(folder_ / "a.png"), bytes_of(folder_ / "b.png"));
  EXPECT_EQ(read_picture(folder_ / "a.png").size, (Size{2000, 160}));
}

TEST_F(HeatmapTiff, GivesTheSameBytesAndNamesNobody) {
  write_heatmap_tiff(folder_ / "a.tif", sample_raster({300, 200}), 8);
  write_heatmap_tiff(folder_ / "b.tif", sample_raster({300, 200}), 8);
  const std::string bytes = bytes_of(folder_ / "a.tif");
  EXPECT_GT(bytes.size(), 1000U);
  EXPECT_EQ(bytes, bytes_of(folder_ / "b.tif"));
  EXPECT_EQ(bytes.find(folder_.string()), std::string::npos);
}

TEST_F(ImageFile, TheLibrarySaysItsVersion) {
  EXPECT_EQ(image_library_version().rfind("8.", 0), 0U) << image_library_version();
}

TEST_F(ImageFile, AFolderThatIsNotThereIsASentence) {
  const fs::path path = folder_ / "none" / "x";
  const std::string at = path.string();
  EXPECT_EQ(error_of([&] { write_thumbnail(path, ramp({8, 8}), {8, 8}); }), at + ": write the thumbnail: No such file or directory");
  EXPECT_EQ(error_of([&] {
              write_heatmap_png(path, {{8, 8}, ramp({8, 8})}, {0, 0, 8, 8}, sample_raster({8, 8}), 1);
            }),
            at + ": write the heatmap picture: No such file or directory");
  EXPECT_EQ(error_of([&] {
              write_heatmap_tiff(path, sample_raster({64, 64}), 1);
            }),
            at + ": write the heatmap pyramid: No such file or directory");
}

TEST_F(ImageFile, PixelsThatDoNotFillTheirSizeAreASentence) {
  const std::string said = error_of([&] { write_thumbnail(folder_ / "t.jpg", ramp({8, 8}), {9, 8}); });
  EXPECT_EQ(said.rfind((folder_ / "t.jpg").string() + ": write the thumbnail: ", 0), 0U) << said;
  EXPECT_NE(said.find("192"), std::string::npos) << said;
}

TEST_F(FullDisk, IsASentenceForEveryPicture) {
  const std::string full = "/dev/full";
  EXPECT_EQ(error_of([&] { write_thumbnail(full, ramp({8, 8}), {8, 8}); }), full + ": write the thumbnail: No space left on device");
  EXPECT_EQ(error_of([&] {
              write_heatmap_png(full, {{8, 8}, ramp({8, 8})}, {0, 0, 8, 8}, sample_raster({8, 8}), 1);
            }),
            full + ": write the heatmap picture: No space left on device");
  const std::string said = error_of([&] { write_heatmap_tiff(full, sample_raster({64, 64}), 1); });
  EXPECT_EQ(said.rfind(full + ": write the heatmap pyramid: ", 0), 0U) << said;
  EXPECT_NE(said.find("No space left on device"), std::string::npos) << said;
}

TEST_F(FullDisk, IsNoticedWhereverInTheFileItFillsUp) {
  const RasterRgba raster = sample_raster({300, 200});
  write_heatmap_tiff(folder_ / "whole.tif", raster, 8);
  const auto whole = fs::file_size(folder_ / "whole.tif");
  for (std::uintmax_t room = 0; room < whole; room += whole / 23) {
    const SmallDisk disk(room);
    const std::string said = error_of([&] { write_heatmap_tiff(folder_ / "cut.tif", raster, 8); });
    EXPECT_NE(said.find("File too large"), std::string::npos) << room << " of " << whole << ": " << said;
  }
  {
    const SmallDisk disk(whole - 1);
    EXPECT_NE(error_of([&] { write_heatmap_tiff(folder_ / "cut.tif", raster, 8); }), "no error");
  }
  const SmallDisk disk(whole);
  EXPECT_EQ(error_of([&] { write_heatmap_tiff(folder_ / "cut.tif", raster, 8); }), "no error");
}

TEST_F(FullDisk, IsNoticedInTheMiddleOfAThumbnail) {
  const SmallDisk disk(500);
  EXPECT_EQ(error_of([&] {
              write_thumbnail(folder_ / "t.jpg", ramp({300, 200}), {300, 200});
            }),
            (folder_ / "t.jpg").string() + ": write the thumbnail: File too large");
}

}  // namespace
}  // namespace microtome
