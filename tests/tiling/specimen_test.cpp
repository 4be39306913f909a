// SPDX-License-Identifier: Apache-2.0
// What a synthetic slide promises: the same seed gives the same file, OpenSlide opens it with its scale, and what its truth calls tumour is
// darker and fuller of nuclei than the rest.
#include "tiling/specimen.h"

#include <gtest/gtest.h>
#include <openslide.h>
#include <sys/resource.h>

#include <cmath>
#include <csignal>
#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>

#include "tiling/slide.h"
#include "tiling/specimen/shapes.h"

namespace microtome {
namespace {

namespace fs = std::filesystem;

class SpecimenFiles : public testing::Test {
 protected:
  SpecimenFiles()
      : folder_(fs::temp_directory_path() / ("microtome_" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()))) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~SpecimenFiles() override { fs::remove_all(folder_); }
  fs::path file(const std::string& name) const { return folder_ / name; }

 private:
  fs::path folder_;
};

SpecimenSettings small(std::uint64_t seed, double tumour_share) {
  SpecimenSettings settings;
  settings.seed = seed;
  settings.width = 1100;
  settings.height = 800;
  settings.mpp = 1;
  settings.tumour_share = tumour_share;
  return settings;
}

std::string bytes_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

using Handle = std::unique_ptr<openslide_t, decltype(&openslide_close)>;

Handle open(const fs::path& path) { return {openslide_open(path.c_str()), openslide_close}; }

std::string property(const Handle& slide, const char* name) {
  const char* value = openslide_get_property_value(slide.get(), name);
  return value == nullptr ? "" : value;
}

std::string sentence_of(const fs::path& path, const SpecimenSettings& settings, const std::string& code) {
  try {
    make_specimen(path, settings);
  } catch (const SlideError& error) {
    EXPECT_EQ(error.code(), code);
    return error.what();
  }
  return "nothing was thrown";
}

TEST_F(SpecimenFiles, SameSeedGivesTheSameBytesAndAnotherSeedOthers) {
  make_specimen(file("a.tif"), small(7, 0.2));
  make_specimen(file("b.tif"), small(7, 0.2));
  make_specimen(file("c.tif"), small(8, 0.2));
  ASSERT_GT(bytes_of(file("a.tif")).size(), 50000U);
  EXPECT_TRUE(bytes_of(file("a.tif")) == bytes_of(file("b.tif")));
  EXPECT_FALSE(bytes_of(file("a.tif")) == bytes_of(file("c.tif")));
}

TEST_F(SpecimenFiles, OpenSlideSeesAnAperioSlideWithItsScaleWhateverTheExtension) {
  SpecimenSettings settings = small(3, 0.2);
  settings.mpp = 0.4987;
  make_specimen(file("slide.partial"), settings);
  const Handle slide = open(file("slide.partial"));
  ASSERT_NE(slide, nullptr);
  ASSERT_EQ(openslide_get_error(slide.get()), nullptr);
  EXPECT_EQ(property(slide, "openslide.vendor"), "aperio");
  EXPECT_DOUBLE_EQ(std::stod(property(slide, "openslide.mpp-x")), 0.4987);
  EXPECT_DOUBLE_EQ(std::stod(property(slide, "openslide.mpp-y")), 0.4987);
  EXPECT_EQ(property(slide, "aperio.MPP"), "0.4987");
  EXPECT_NEAR(std::stod(property(slide, "tiff.XResolution")), 10000 / 0.4987, 0.01);
  EXPECT_EQ(property(slide, "tiff.ResolutionUnit"), "centimeter");
  EXPECT_NE(property(slide, "openslide.comment").find("synthetic specimen"), std::string::npos);
  EXPECT_EQ(property(slide, "tiff.DateTime"), "");
}

TEST_F(SpecimenFiles, LevelsHalveAndNoneIsNarrowerThanATile) {
  make_specimen(file("slide.tif"), small(3, 0));
  const Handle slide = open(file("slide.tif"));
  ASSERT_NE(slide, nullptr);
  ASSERT_EQ(openslide_get_level_count(slide.get()), 2);  // 1100 x 800, 550 x 400; 275 x 200 would be too low
  std::int64_t width = 0;
  std::int64_t height = 0;
  openslide_get_level_dimensions(slide.get(), 1, &width, &height);
  EXPECT_EQ(width, 550);
  EXPECT_EQ(height, 400);
  EXPECT_DOUBLE_EQ(openslide_get_level_downsample(slide.get(), 1), 2);
}

std::vector<std::uint32_t> pixels_of(const Handle& slide, int level, std::int64_t width, std::int64_t height) {
  std::vector<std::uint32_t> argb(static_cast<std::size_t>(width * height));
  openslide_read_region(slide.get(), argb.data(), 0, 0, level, width, height);
  EXPECT_EQ(openslide_get_error(slide.get()), nullptr);
  return argb;
}

double green(std::uint32_t argb) { return argb >> 8 & 255; }

TEST_F(SpecimenFiles, ALowerLevelShowsTheSamePictureInThePlace) {
  make_specimen(file("slide.tif"), small(5, 0.3));
  const Handle slide = open(file("slide.tif"));
  ASSERT_NE(slide, nullptr);
  const auto full = pixels_of(slide, 0, 1100, 800);
  const auto half = pixels_of(slide, 1, 550, 400);
  double difference = 0;
  for (int y = 0; y < 400; ++y) {
    for (int x = 0; x < 550; ++x) {
      const std::size_t at = static_cast<std::size_t>(2 * y) * 1100 + 2 * x;
      const double mean = (green(full[at]) + green(full[at + 1]) + green(full[at + 1100]) + green(full[at + 1101])) / 4;
      difference += std::abs(mean - green(half[static_cast<std::size_t>(y) * 550 + x]));
    }
  }
  EXPECT_LT(difference / (550 * 400), 3);
}

struct Look {
  double green_sum = 0;
  double nuclear = 0;
  double count = 0;
  void add(std::uint32_t argb) {
    green_sum += green(argb);
    nuclear += (argb >> 16 & 255) < 150;  // only nuclei take so much red
    count += 1;
  }
};

TEST_F(SpecimenFiles, TumourIsDarkerAndMoreNuclearThanStromaAndGlassIsBright) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    const Specimen specimen = make_specimen(file("slide.tif"), small(seed, 0.35));
    std::vector<Ring> tissue;
    std::vector<Ring> tumour;
    for (const PlantedRegion& region : specimen.regions) (region.name == "tumour" ? tumour : tissue).push_back(region.ring);
    const Handle slide = open(file("slide.tif"));
    ASSERT_NE(slide, nullptr);
    const auto pixels = pixels_of(slide, 0, 1100, 800);
    Look in_tumour, in_stroma, on_glass;
    for (int y = 0; y < 800; y += 3) {
      for (int x = 0; x < 1100; x += 3) {
        const bool is_tissue = any_ring_contains(tissue, x, y);
        Look& look = !is_tissue ? on_glass : any_ring_contains(tumour, x, y) ? in_tumour : in_stroma;
        look.add(pixels[static_cast<std::size_t>(y) * 1100 + x]);
      }
    }
    EXPECT_LT(in_tumour.green_sum / in_tumour.count + 15, in_stroma.green_sum / in_stroma.count);
    EXPECT_GT(in_tumour.nuclear / in_tumour.count, 3 * in_stroma.nuclear / in_stroma.count);
    EXPECT_GT(on_glass.green_sum / on_glass.count, 232);
    EXPECT_LT(in_stroma.green_sum / in_stroma.count, 200);
  }
}

TEST_F(SpecimenFiles, ZeroSharePlantsNoTumour) {
  const Specimen specimen = make_specimen(file("slide.tif"), small(1, 0));
  EXPECT_EQ(specimen.tumour_mm2, 0);
  EXPECT_GT(specimen.tissue_mm2, 0.2);
  for (const PlantedRegion& region : specimen.regions) EXPECT_EQ(region.name, "tissue");
}

TEST_F(SpecimenFiles, AreasAreThoseOfTheRings) {
  const Specimen specimen = make_specimen(file("slide.tif"), small(1, 0.3));
  double mm2[2] = {};
  for (const PlantedRegion& region : specimen.regions) mm2[region.name == "tumour"] += ring_area(region.ring) * 1e-6;
  EXPECT_DOUBLE_EQ(specimen.tissue_mm2, mm2[0]);
  EXPECT_DOUBLE_EQ(specimen.tumour_mm2, mm2[1]);
}

TEST_F(SpecimenFiles, PenAndDustChangeNothingButWhatLiesUnderThem) {
  SpecimenSettings settings = small(3, 0.3);
  const Specimen clean = make_specimen(file("clean.tif"), settings);
  settings.pen_strokes = 4;
  settings.coarse_dust = 3;
  const Specimen marked = make_specimen(file("marked.tif"), settings);
  EXPECT_EQ(marked.regions.size(), clean.regions.size() + 7);
  EXPECT_EQ(marked.tissue_mm2, clean.tissue_mm2);
  std::vector<Ring> marks;
  for (std::size_t i = clean.regions.size(); i < marked.regions.size(); ++i) {
    EXPECT_EQ(marked.regions[i].name, i < clean.regions.size() + 4 ? "pen" : "dust");
    marks.push_back(marked.regions[i].ring);
  }
  const Handle before = open(file("clean.tif")), after = open(file("marked.tif"));
  ASSERT_TRUE(before && after);
  const auto was = pixels_of(before, 0, 1100, 800), is = pixels_of(after, 0, 1100, 800);
  // grown by 24 pixels: edges are soft, specks ragged and JPEG blocks wide
  const auto near_mark = [&](int x, int y) {
    for (int v = -24; v <= 24; v += 12) {
      for (int u = -24; u <= 24; u += 12) {
        if (any_ring_contains(marks, x + u, y + v)) return true;
      }
    }
    return false;
  };
  int darker = 0, covered_pixels = 0;
  for (int y = 0; y < 800; y += 3) {
    for (int x = 0; x < 1100; x += 3) {
      const std::size_t i = static_cast<std::size_t>(y) * 1100 + x;
      if (any_ring_contains({marks.data(), 4}, x, y)) {
        ++covered_pixels;
        darker += green(is[i]) < green(was[i]) - 20;
      } else if (!near_mark(x, y)) {
        ASSERT_LT(std::abs(green(is[i]) - green(was[i])), 16) << x << ',' << y;
      }
    }
  }
  EXPECT_GT(covered_pixels, 1000);
  EXPECT_GT(darker, 0.9 * covered_pixels);
}

TEST(SpecimenTruth, IsGeoJsonThatQuPathTakes) {
  Specimen specimen;
  specimen.regions.push_back({"tumour", {{1, 2}, {30, 2}, {30, 40}, {1, 2}}});
  const auto json = nlohmann::json::parse(specimen_truth_geojson(specimen));
  EXPECT_EQ(json["type"], "FeatureCollection");
  ASSERT_EQ(json["features"].size(), 1U);
  const auto& feature = json["features"][0];
  EXPECT_EQ(feature["geometry"]["type"], "Polygon");
  EXPECT_EQ(feature["geometry"]["coordinates"], nlohmann::json::parse("[[[1,2],[30,2],[30,40],[1,2]]]"));
  EXPECT_EQ(feature["properties"]["objectType"], "annotation");
  EXPECT_EQ(feature["properties"]["name"], "tumour");
  EXPECT_EQ(feature["properties"]["classification"]["name"], "tumour");
  EXPECT_EQ(feature["properties"]["classification"]["color"].size(), 3U);  // QuPath refuses a class without a colour
}

TEST_F(SpecimenFiles, AFolderThatIsMissingGivesASentenceWithoutThePath) {
  EXPECT_EQ(
      sentence_of(file("missing") / "slide.tif", small(1, 0), "cannot_write"),
      "the synthetic slide could not be written: No such file or directory: check that its folder exists, may be written to and has space");
}

TEST_F(SpecimenFiles, AFullDiskGivesASentence) {
  const std::string sentence = sentence_of("/dev/full", small(1, 0), "cannot_write");
  EXPECT_EQ(sentence.find("the synthetic slide could not be written: "), 0U) << sentence;
  EXPECT_NE(sentence.find("No space left on device"), std::string::npos) << sentence;
}

// A limit on the size of files stands for a disk that fills up: the write that would pass it fails.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &before_);
    previous_ = std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, previous_);
  }

 private:
  rlimit before_{};
  void (*previous_)(int) = nullptr;
};

TEST_F(SpecimenFiles, ADiskThatFillsUpAtAnyMomentGivesASentence) {
  make_specimen(file("whole.tif"), small(1, 0));
  const auto size = fs::file_size(file("whole.tif"));
  for (const auto room : {size / 2, size - 2000, size - 1}) {
    const FileSizeLimit limit(room);
    const std::string sentence = sentence_of(file("slide.tif"), small(1, 0), "cannot_write");
    EXPECT_EQ(sentence.find("the synthetic slide could not be written: "), 0U) << sentence;
    EXPECT_EQ(sentence.find("no reason"), std::string::npos) << sentence;
  }
}

TEST_F(SpecimenFiles, ImpossibleSettingsAreRefusedBeforeAnythingIsWritten) {
  SpecimenSettings tiny = small(1, 0);
  tiny.height = 255;
  EXPECT_EQ(sentence_of(file("a.tif"), tiny, "bad_specimen"),
            "a synthetic slide cannot be drawn: 1100 x 255 pixels were asked for: neither side may be below 256");
  SpecimenSettings huge = small(1, 0);
  huge.width = huge.height = 100000;
  EXPECT_EQ(sentence_of(file("a.tif"), huge, "bad_specimen"),
            "a synthetic slide cannot be drawn: 100000 x 100000 pixels were asked for: at most 2147483648 in all");
  SpecimenSettings coarse = small(1, 0);
  coarse.mpp = NAN;
  EXPECT_EQ(sentence_of(file("a.tif"), coarse, "bad_specimen"),
            "a synthetic slide cannot be drawn: a scale of nan microns per pixel was asked for: choose 0.05 to 10");
  EXPECT_EQ(sentence_of(file("a.tif"), small(1, 1.5), "bad_specimen"),
            "a synthetic slide cannot be drawn: a tumour share of 1.5 was asked for: choose 0 to 1");
  SpecimenSettings marked = small(1, 0);
  marked.pen_strokes = -1;
  EXPECT_EQ(sentence_of(file("a.tif"), marked, "bad_specimen"),
            "a synthetic slide cannot be drawn: -1 pen strokes and 0 specks were asked for: choose 0 to 1000");
  EXPECT_FALSE(fs::exists(file("a.tif")));
}

}  // namespace
}  // namespace microtome
