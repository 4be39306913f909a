// SPDX-License-Identifier: Apache-2.0
// What a synthetic slide promises: the same seed gives the same file, OpenSlide opens it with its scale, and what its truth calls tumour is
// inside tissue, has the wanted share and looks the part.
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
#include "tiling/specimen_canvas.h"
#include "tiling/specimen_fields.h"
#include "tiling/specimen_glands.h"
#include "tiling/specimen_nuclei.h"
#include "tiling/specimen_shapes.h"
#include "tiling/specimen_texture.h"

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

double total_area(const std::vector<Ring>& rings) {
  double area = 0;
  for (const Ring& ring : rings) area += ring_area(ring);
  return area;
}

std::int64_t side_of(Level0Point a, Level0Point b, Level0Point p) {
  const std::int64_t cross = (b.x_level0 - a.x_level0) * (p.y_level0 - a.y_level0) - (b.y_level0 - a.y_level0) * (p.x_level0 - a.x_level0);
  return cross > 0 ? 1 : cross < 0 ? -1 : 0;
}

bool edges_cross(Level0Point a, Level0Point b, Level0Point c, Level0Point d) {
  return side_of(a, b, c) * side_of(a, b, d) < 0 && side_of(c, d, a) * side_of(c, d, b) < 0;
}

int crossings(const Ring& one, const Ring& other) {
  int count = 0;
  for (std::size_t i = 0; i + 1 < one.size(); ++i) {
    for (std::size_t j = 0; j + 1 < other.size(); ++j) count += edges_cross(one[i], one[i + 1], other[j], other[j + 1]);
  }
  return count;
}

TEST(SpecimenShapes, TumourHasTheWantedShareOfTheTissue) {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    for (const double share : {0.05, 0.15, 0.3, 0.45, 0.6}) {
      SpecimenSettings settings = small(seed, share);
      settings.width = 4096;
      settings.height = 3072;
      const SpecimenShapes shapes = plan_shapes(settings);
      EXPECT_NEAR(total_area(shapes.tumour) / total_area(shapes.tissue), share, 0.2 * share) << "seed " << seed;
    }
  }
}

TEST(SpecimenShapes, RingsAreClosedAndSimpleAndTumourNeverLeavesTissue) {
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    const SpecimenShapes shapes = plan_shapes(small(seed, 0.5));
    ASSERT_FALSE(shapes.tumour.empty());
    for (const auto* rings : {&shapes.tissue, &shapes.tumour}) {
      for (const Ring& ring : *rings) {
        EXPECT_EQ(ring.front(), ring.back());
        EXPECT_EQ(crossings(ring, ring), 0) << "seed " << seed;
      }
    }
    for (const Ring& tumour : shapes.tumour) {
      for (const Level0Point& point : tumour) {
        EXPECT_TRUE(any_ring_contains(shapes.tissue, static_cast<double>(point.x_level0), static_cast<double>(point.y_level0)));
      }
      for (const Ring& tissue : shapes.tissue) EXPECT_EQ(crossings(tumour, tissue), 0) << "seed " << seed;
    }
  }
}

TEST(SpecimenShapes, TissueStaysOnTheSlideAndPiecesApart) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const SpecimenShapes shapes = plan_shapes(small(seed, 0));
    for (std::size_t i = 0; i < shapes.tissue.size(); ++i) {
      for (const Level0Point& point : shapes.tissue[i]) {
        EXPECT_TRUE(point.x_level0 > 0 && point.y_level0 > 0 && point.x_level0 < 1100 && point.y_level0 < 800) << "seed " << seed;
        for (std::size_t j = 0; j < shapes.tissue.size(); ++j) {
          EXPECT_FALSE(i != j && ring_contains(shapes.tissue[j], static_cast<double>(point.x_level0), static_cast<double>(point.y_level0)));
        }
      }
    }
  }
}

TEST(SpecimenShapes, CoverageOfAGridAddsUpToTheArea) {
  const std::vector<Ring> square = {{{10, 10}, {30, 10}, {30, 25}, {10, 25}, {10, 10}}};
  std::vector<float> coverage;
  cover_grid(square, {4.5, 0, 1, 64, 64}, coverage);
  double sum = 0;
  for (const float cell : coverage) sum += cell;
  EXPECT_NEAR(sum, 20 * 15, 1e-3);
  EXPECT_FLOAT_EQ(coverage[12 * 64 + 5], 0.5F);
  EXPECT_FLOAT_EQ(coverage[12 * 64 + 6], 1.0F);
  EXPECT_FLOAT_EQ(coverage[9 * 64 + 6], 0.0F);
}

// The dyes on a piece of the slide that starts at (x, y).
Canvas painted(const SpecimenFields& fields, int x, int y, int size) {
  const auto mpp = static_cast<float>(fields.settings().mpp);
  Canvas canvas(size, mpp);
  canvas.x0 = static_cast<float>(x) * mpp;
  canvas.y0 = static_cast<float>(y) * mpp;
  cover_grid(fields.shapes().tissue, {static_cast<double>(x), static_cast<double>(y), 1, size, size}, canvas.tissue);
  draw_ground(canvas, fields);
  const auto glands = glands_near(fields, canvas.x0, canvas.y0, static_cast<float>(size) * mpp);
  for (const Gland& gland : glands) draw_gland(canvas, gland);
  for (const Nucleus& nucleus : nuclei_near(canvas, fields, glands)) draw_nucleus(canvas, nucleus);
  return canvas;
}

TEST(SpecimenDrawing, NeighbouringTilesAgreeAboutWhatCrossesTheirBorder) {
  const SpecimenSettings settings = small(4, 0.4);
  const SpecimenFields fields(settings, plan_shapes(settings));
  const Canvas whole = painted(fields, 128, 128, 512);
  int different = 0;
  double dye = 0;
  for (int quarter = 0; quarter < 4; ++quarter) {
    const int left = quarter % 2 * 256;
    const int top = quarter / 2 * 256;
    const Canvas part = painted(fields, 128 + left, 128 + top, 256);
    for (int i = 0; i < 256 * 256; ++i) {
      const auto there = static_cast<std::size_t>((top + i / 256) * 512 + left + i % 256);
      different += std::abs(part.hematoxylin[i] - whole.hematoxylin[there]) > 0.01F || std::abs(part.eosin[i] - whole.eosin[there]) > 0.01F;
      dye += part.hematoxylin[i];
    }
  }
  EXPECT_EQ(different, 0);
  EXPECT_GT(dye, 10000);
}

TEST(SpecimenDrawing, TumourNucleiAreSeveralTimesDenserLargerAndDarker) {
  SpecimenSettings settings = small(2, 0.4);
  const SpecimenFields fields(settings, plan_shapes(settings));
  Canvas canvas(1100, 1);
  const auto nuclei = nuclei_near(canvas, fields, {});
  double count[2] = {};
  double width[2] = {};
  double dark[2] = {};
  for (const Nucleus& nucleus : nuclei) {
    const int kind = fields.in_tumour(nucleus.x, nucleus.y) ? 1 : 0;
    count[kind] += 1;
    width[kind] += nucleus.half_length + nucleus.half_width;
    dark[kind] += nucleus.dark;
  }
  const double tumour_area = total_area(fields.shapes().tumour);
  const double other_area = total_area(fields.shapes().tissue) - tumour_area;
  const double ratio = (count[1] / tumour_area) / (count[0] / other_area);
  EXPECT_GT(ratio, 2.8);
  EXPECT_LT(ratio, 5);
  EXPECT_GT(width[1] / count[1], 1.25 * width[0] / count[0]);
  EXPECT_GT(width[1] / count[1], 8);
  EXPECT_LT(width[1] / count[1], 13);
  EXPECT_GT(dark[1] / count[1], 1.1 * dark[0] / count[0]);
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
  EXPECT_FALSE(fs::exists(file("a.tif")));
}

}  // namespace
}  // namespace microtome
