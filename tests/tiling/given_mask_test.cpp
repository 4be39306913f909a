// SPDX-License-Identifier: Apache-2.0
// Learn here how a tissue mask is given: what of a PNG or of QuPath's outlines becomes tissue, in which frame, and what is refused how.
#include "tiling/given_mask.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/support/expect_error.h"
#include "tests/support/png_file.h"
#include "tests/support/temp_dir.h"
#include "tiling/specimen.h"
#include "tiling/specimen/shapes.h"

namespace microtome {
namespace {

// A slide of 400 x 200 pixels seen at 20 level-0 pixels: an overview of 20 x 10.
SlideInfo slide(double x_bounds = 0, double y_bounds = 0) {
  SlideInfo info;
  info.levels = {{{400, 200}, 1, {}, true}};
  info.bounds = {x_bounds, y_bounds, 400 - x_bounds, 200 - y_bounds};
  return info;
}

Overview overview_of(const SlideInfo& info, double downsample = 20) {
  const auto cells = [&](double extent) { return static_cast<std::int64_t>(std::ceil(extent / downsample)); };
  Overview overview{{cells(info.bounds.width_level0), cells(info.bounds.height_level0)}, downsample, downsample / 2, 0, 0, {}};
  overview.x_level0 = info.bounds.x_level0;
  overview.y_level0 = info.bounds.y_level0;
  return overview;
}

// Rows of '#' and '.', so that a failure can be read.
std::string picture(const TissueMask& mask) {
  std::string text;
  for (std::int64_t y = 0; y < mask.size.height; ++y) {
    for (std::int64_t x = 0; x < mask.size.width; ++x) text += mask.inside[y * mask.size.width + x] ? '#' : '.';
    text += '\n';
  }
  return text;
}

class GivenMask : public testing::Test {
 protected:
  TissueMask read(const std::string& name, const SlideInfo& info = slide(), double downsample = 20) {
    return read_given_mask(dir_ / name, info, overview_of(info, downsample));
  }
  TissueMask read_text_mask(const std::string& text, const SlideInfo& info = slide(), double downsample = 20) {
    write_text(dir_ / "m.geojson", text);
    return read("m.geojson", info, downsample);
  }
  std::string refusal(const std::string& text) {
    return sentence_of<SlideError>([&] { read_text_mask(text); });
  }
  std::string png_refusal(const std::string& name = "m.png") {
    return sentence_of<SlideError>([&] { read(name); });
  }
  TempDir dir_;
};

std::string feature(const std::string& geometry, const std::string& properties = "{}") {
  return R"({"type":"Feature","geometry":)" + geometry + R"(,"properties":)" + properties + "}";
}
std::string collection(const std::string& features) { return R"({"type":"FeatureCollection","features":[)" + features + "]}"; }
std::string box(double x0, double y0, double x1, double y1) {
  const auto point = [](double x, double y) { return "[" + std::to_string(x) + "," + std::to_string(y) + "]"; };
  return "[" + point(x0, y0) + "," + point(x1, y0) + "," + point(x1, y1) + "," + point(x0, y1) + "," + point(x0, y0) + "]";
}
std::string polygon(const std::string& rings) { return R"({"type":"Polygon","coordinates":[)" + rings + "]}"; }
std::string in_class(const std::string& name) { return R"({"classification":{"name":")" + name + R"(","color":[0,0,0]}})"; }

const std::string kLeftBox =
    "...................."
    "\n####................"
    "\n####................"
    "\n....................\n....................\n....................\n....................\n....................\n...................."
    "\n....................\n";

TEST_F(GivenMask, APolygonIsTissueWherePixelCentresLieInItInTheOverviewsFrame) {
  const TissueMask mask = read_text_mask(collection(feature(polygon(box(-30, 29, 71, 51)))));
  EXPECT_EQ(picture(mask), kLeftBox);  // centres at 10, 30, 50, 70: the rows at 30 and 50, the columns up to 70
  EXPECT_EQ(mask.size, (Size{20, 10}));
  EXPECT_EQ(mask.downsample, 20);
  EXPECT_EQ(mask.mpp, 10);
  EXPECT_DOUBLE_EQ(mask.area_mm2, 8 * 100e-6);
}

TEST_F(GivenMask, EveryWrappingOfAPolygonIsTheSame) {
  const std::string shape = polygon(box(-30, 29, 71, 51)),
                    many = R"({"type":"MultiPolygon","coordinates":[[)" + box(-30, 29, 71, 51) + "]]}";
  for (const std::string& text : {shape, many, feature(shape), feature(many), "[" + feature(shape) + "]", collection(feature(shape)),
                                  "\xEF\xBB\xBF \n" + collection(feature(shape) + "," + feature("null"))}) {
    EXPECT_EQ(picture(read_text_mask(text)), kLeftBox) << text;
  }
}

TEST_F(GivenMask, HolesAreHolesAndFeaturesAreJoined) {
  const std::string ring = polygon(box(0, 0, 200, 200) + "," + box(40, 40, 160, 160));
  EXPECT_DOUBLE_EQ(read_text_mask(feature(ring)).area_mm2, (100 - 36) * 100e-6);
  // even-odd holds within a polygon only: the second feature lies in the hole and partly on the first
  EXPECT_DOUBLE_EQ(read_text_mask(collection(feature(ring) + "," + feature(polygon(box(20, 40, 100, 160))))).area_mm2,
                   (100 - 36 + 18) * 100e-6);
}

TEST_F(GivenMask, OpenRingsAndExtraNumbersOfAPointAreFine) {
  EXPECT_DOUBLE_EQ(read_text_mask(polygon("[[0,0,7],[100,0,7],[100,100,7],[0,100,7]]")).area_mm2, 25 * 100e-6);
}

TEST_F(GivenMask, AnyPolygonAgreesWithThePointInPolygonTest) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    SpecimenSettings settings;
    settings.seed = seed;
    settings.width = 400;
    settings.height = 200;
    settings.tumour_share = 0.3;
    const SpecimenShapes shapes = plan_shapes(settings);
    Specimen specimen;
    for (const Ring& ring : shapes.tissue) specimen.regions.push_back({"tissue", ring});
    const TissueMask mask = read_text_mask(specimen_truth_geojson(specimen), slide(), 3);
    for (std::int64_t y = 0; y < mask.size.height; ++y) {
      for (std::int64_t x = 0; x < mask.size.width; ++x) {
        const double right = std::min(400.0, 3.0 * (x + 1)), bottom = std::min(200.0, 3.0 * (y + 1));  // the last pixels are cut off
        const bool truth = any_ring_contains(shapes.tissue, (3.0 * x + right) / 2, (3.0 * y + bottom) / 2);
        ASSERT_EQ(mask.inside[y * mask.size.width + x] != 0, truth) << x << ',' << y;
      }
    }
  }
}

TEST_F(GivenMask, TheTruthOfASpecimenIsAMaskWithoutItsPenAndDust) {
  Specimen specimen;
  specimen.regions.push_back({"tissue", {{0, 0}, {200, 0}, {200, 200}, {0, 200}, {0, 0}}});
  specimen.regions.push_back({"tumour", {{0, 0}, {40, 0}, {40, 40}, {0, 0}}});
  specimen.regions.push_back({"pen", {{100, 0}, {140, 0}, {140, 200}, {100, 200}, {100, 0}}});
  specimen.regions.push_back({"dust", {{0, 180}, {100, 180}, {100, 200}, {0, 200}, {0, 180}}});
  EXPECT_DOUBLE_EQ(read_text_mask(specimen_truth_geojson(specimen)).area_mm2, (100 - 20 - 5) * 100e-6);
}

TEST_F(GivenMask, QuPathCountsFromTheTopLeftOfTheBounds) {
  const TissueMask mask = read_text_mask(polygon(box(0, 0, 40, 20)), slide(100, 60));
  EXPECT_EQ(mask.size, (Size{15, 7}));
  EXPECT_EQ(mask.x_level0, 100);
  EXPECT_EQ(mask.y_level0, 60);
  EXPECT_EQ(picture(mask).substr(0, 15), "##.............");
}

TEST_F(GivenMask, IgnoredClassesAreTakenAwayAndOtherStarredOnesMeanNothing) {
  const std::string tissue = feature(polygon(box(0, 0, 200, 200)), in_class("Tumor"));
  const auto with = [&](const std::string& properties) {
    return read_text_mask(collection(feature(polygon(box(0, 0, 100, 100)), properties) + "," + tissue)).area_mm2 / 100e-6;
  };
  for (const char* name : {"Ignore*", "Exclude", "exclude*", "IGNORE"}) EXPECT_DOUBLE_EQ(with(in_class(name)), 75) << name;
  EXPECT_DOUBLE_EQ(with(R"({"classification":"Ignore*"})"), 75);
  EXPECT_DOUBLE_EQ(with(R"({"classification":{"names":["Tumor","Ignore*"],"color":[0,0,0]}})"), 75);
  EXPECT_DOUBLE_EQ(with(in_class("Region*")), 100);
  EXPECT_DOUBLE_EQ(with(R"({"classification":null})"), 100);
  EXPECT_DOUBLE_EQ(
      read_text_mask(collection(tissue + "," + feature(R"({"type":"Point","coordinates":[1,2]})", in_class("Region*")))).area_mm2,
      100 * 100e-6);
}

TEST_F(GivenMask, OtherGeometriesAreRefusedByTheirNumberAndType) {
  EXPECT_EQ(
      refusal(collection(feature(polygon(box(0, 0, 9, 9))) + "," + feature(R"({"type":"LineString","coordinates":[[1,2],[3,4]]})"))),
      "wanted the given tissue mask: feature 2 is a LineString: only Polygon and MultiPolygon enclose tissue: delete it, or give it a "
      "class whose name ends in *");
  EXPECT_EQ(
      refusal(R"({"type":"Point","coordinates":[1,2]})"),
      "wanted the given tissue mask: feature 1 is a Point: only Polygon and MultiPolygon enclose tissue: delete it, or give it a class "
      "whose name ends in *");
}

TEST_F(GivenMask, BrokenGeoJsonIsASentenceWithoutAnyOfItsText) {
  const std::string start = "wanted the given tissue mask: ", end = ": correct it and export it again";
  EXPECT_EQ(refusal("{\"name\": \"Smith\" oops"), start + "it is no JSON from byte 18 on: export it again");
  EXPECT_EQ(refusal("[NaN]"), start + "it is no JSON from byte 2 on: export it again");
  EXPECT_EQ(refusal(polygon("[[0,0],[1e999,0],[1,1]]")), start + "a number in it is too large to be finite: export it again");
  EXPECT_EQ(refusal(polygon("[[0,0],[1e300,0],[1,1]]")), start + "feature 1 has a point whose coordinates are no finite numbers" + end);
  EXPECT_EQ(refusal(polygon("[[0,0],[null,0],[1,1]]")), start + "feature 1 has a point whose coordinates are no finite numbers" + end);
  EXPECT_EQ(refusal(polygon("[[0,0],[5],[1,1]]")), start + "feature 1 has a point whose coordinates are no finite numbers" + end);
  EXPECT_EQ(refusal(polygon("[[0,0],[9,9],[0,0]]")), start + "feature 1 has a ring of fewer than 3 points" + end);
  EXPECT_EQ(refusal(polygon("")), start + "feature 1 has a polygon without a ring" + end);
  EXPECT_EQ(refusal(polygon("7")), start + "feature 1 has a ring that is no list of points" + end);
  EXPECT_EQ(refusal(collection(feature("{}"))), start + "feature 1 has no Polygon in it" + end);
  EXPECT_EQ(refusal(collection("7")), start + "feature 1 is no GeoJSON Feature" + end);
  EXPECT_EQ(refusal("{\"tissue\": 7}"),
            start + "it is JSON, but no FeatureCollection, Feature, array of Features, Polygon or MultiPolygon: export it as GeoJSON");
  EXPECT_EQ(refusal(collection("")), start + "it has no polygon that is tissue: draw one, or leave the manifest's mask column empty");
  EXPECT_EQ(refusal(polygon(box(1000, 1000, 1100, 1100))),
            start + "all its polygons lie outside the slide: check that it belongs to this slide and is in level-0 pixels");
  EXPECT_EQ(refusal("II*, a TIFF"), start + "it is neither a PNG nor GeoJSON: export it as one of them");
  EXPECT_EQ(refusal(""), start + "it is neither a PNG nor GeoJSON: export it as one of them");
}

TEST_F(GivenMask, AnAbsentFileOrAFolderIsASentenceWithoutItsPath) {
  const std::string sentence = "wanted the given tissue mask: there is no such file: check the manifest's mask column";
  EXPECT_EQ(png_refusal("none.png"), sentence);
  std::filesystem::create_directory(dir_ / "folder");
  EXPECT_EQ(png_refusal("folder"), sentence);
  try {
    read("none.png");
  } catch (const SlideError& error) {
    EXPECT_EQ(error.code(), "mask");
  }
}

// 4 x 2 pixels, each a hundred level-0 pixels wide: five by five pixels of the overview. The second and the last are set.
const std::string kTwoSquares = [] {
  std::string text;
  for (int y = 0; y < 10; ++y) text += y < 5 ? ".....#####..........\n" : "...............#####\n";
  return text;
}();

TEST_F(GivenMask, EveryKindOfPngIsTissueWhereItIsNotBlack) {
  const std::vector<PngFile> files = {
      {{4, 2}, PngColour::grey, 8, {0, 1, 0, 0, 0, 0, 0, 255}},
      {{4, 2}, PngColour::grey, 1, {0x40, 0x10}},
      {{4, 2}, PngColour::grey, 2, {0x10, 0x01}},
      {{4, 2}, PngColour::grey, 16, {0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0}},
      {{4, 2}, PngColour::rgb, 8, {0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0}},
      {{4, 2}, PngColour::palette, 8, {0, 3, 9, 0, 9, 0, 0, 200}},  // 9 is transparent
      {{4, 2}, PngColour::palette, 1, {0x40, 0x10}},
      {{4, 2}, PngColour::grey_alpha, 8, {0, 255, 5, 1, 5, 0, 0, 0, 0, 255, 5, 0, 0, 9, 255, 255}},
      {{4, 2}, PngColour::grey_alpha, 16, {0, 0, 9, 9, 0, 1, 0, 1, 5, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 9, 9, 0, 0, 0, 0, 9, 9, 1, 0, 1, 0}},
      {{4, 2}, PngColour::rgb_alpha, 8, {0, 0, 0, 255, 0, 1, 0, 1, 9, 9, 9, 0, 0,   0,   0,   0,
                                         0, 0, 0, 9,   0, 0, 0, 9, 9, 9, 9, 0, 255, 255, 255, 255}},
      {{4, 2}, PngColour::grey, 8, {0, 1, 0, 0, 0, 0, 0, 255}, true}};
  for (std::size_t i = 0; i < files.size(); ++i) {
    write_png(dir_ / "m.png", files[i]);
    const TissueMask mask = read("m.png");
    EXPECT_EQ(picture(mask), kTwoSquares) << "file " << i;
    EXPECT_DOUBLE_EQ(mask.area_mm2, 50 * 100e-6);
  }
}

TEST_F(GivenMask, AFinePngDecidesByTheLargerPartOfEachPixel) {
  // 80 x 40: four by four PNG pixels to a pixel of the overview. Half of the first one, less than half of the second.
  PngFile file{{80, 40}, PngColour::grey, 8, std::vector<std::uint8_t>(80 * 40, 0)};
  for (const int i : {0, 1, 80, 81, 160, 161, 240, 241, 4, 5, 84, 85, 164, 165, 244}) file.rows[i] = 255;
  write_png(dir_ / "m.png", file);
  const std::string shown = picture(read("m.png"));
  EXPECT_EQ(shown.substr(0, 4), "#...");
  EXPECT_EQ(std::count(shown.begin(), shown.end(), '#'), 1);
  file.interlaced = true;
  write_png(dir_ / "m.png", file);
  EXPECT_EQ(picture(read("m.png")), shown);
}

TEST_F(GivenMask, APngCoversTheWholeSlideAlsoWhereTheSlideHasBounds) {
  write_png(dir_ / "m.png", {{4, 2}, PngColour::grey, 8, {0, 1, 0, 0, 0, 0, 0, 255}});
  const TissueMask mask = read("m.png", slide(100, 100));
  EXPECT_EQ(mask.size, (Size{15, 5}));
  EXPECT_EQ(picture(mask).substr(0, 15), "..........#####");
}

TEST_F(GivenMask, PixelsCutOffByTheSlidesEdgeAreJudgedByWhatIsOnIt) {
  write_png(dir_ / "m.png", {{2, 1}, PngColour::grey, 8, {1, 1}});
  const TissueMask mask = read("m.png", slide(), 30);  // 14 x 7 pixels, the last ones 10 and 20 wide
  EXPECT_EQ(std::count(mask.inside.begin(), mask.inside.end(), 1), 14 * 7);
  const TissueMask outline = read_text_mask(polygon(box(0, 0, 400, 200)), slide(), 30);
  EXPECT_EQ(std::count(outline.inside.begin(), outline.inside.end(), 1), 14 * 7);
}

TEST_F(GivenMask, AnotherAspectRatioIsRefusedAndOnePercentIsNot) {
  write_png(dir_ / "m.png", {{100, 52}, PngColour::grey, 8, std::vector<std::uint8_t>(100 * 52, 1)});
  EXPECT_EQ(
      png_refusal(),
      "wanted the given tissue mask: the PNG has 100 x 52 pixels and the slide 400 x 200: their aspect ratios are more than 1 % apart: "
      "export a mask of the whole slide");
  write_png(dir_ / "m.png", {{300, 151}, PngColour::grey, 8, std::vector<std::uint8_t>(300 * 151, 1)});
  EXPECT_DOUBLE_EQ(read("m.png").area_mm2, 200 * 100e-6);
}

// The checksum of a PNG's chunk (PNG specification, annex D).
std::uint32_t checksum(const std::string& bytes) {
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const char byte : bytes) {
    crc ^= static_cast<std::uint8_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc & 1 ? 0xEDB88320U ^ (crc >> 1) : crc >> 1;
  }
  return ~crc;
}

std::string big_endian(std::uint32_t value) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(value >> shift);
  return text;
}

TEST_F(GivenMask, WhatWouldTakeTooMuchMemoryIsRefusedBeforeItIsRead) {
  write_png(dir_ / "small.png", {{4, 2}, PngColour::grey, 8, std::vector<std::uint8_t>(8, 1), true});
  std::string bytes = read_text(dir_ / "small.png");  // 8 bytes of signature, 4 of length, then IHDR: name, width, height, ...
  bytes.replace(16, 8, big_endian(30000) + big_endian(15000));
  bytes.replace(29, 4, big_endian(checksum(bytes.substr(12, 17))));
  write_text(dir_ / "m.png", bytes);
  EXPECT_EQ(png_refusal(),
            "wanted the given tissue mask: the PNG is interlaced and has more than 256 MiB of pixels: save it without interlacing");
  write_text(dir_ / "m.geojson", "{");
  std::filesystem::resize_file(dir_ / "m.geojson", (256U << 20) + 1);
  EXPECT_EQ(png_refusal("m.geojson"),
            "wanted the given tissue mask: the GeoJSON has more than 256 MiB: export fewer or simpler outlines, or a PNG");
}

TEST_F(GivenMask, ADamagedPngIsASentenceWhereverItBreaksOff) {
  std::vector<std::uint8_t> noise(80 * 40);
  for (std::size_t i = 0; i < noise.size(); ++i) noise[i] = static_cast<std::uint8_t>(i * i * 31 >> 3);
  for (const bool interlaced : {false, true}) {
    write_png(dir_ / "whole.png", {{80, 40}, PngColour::grey, 8, noise, interlaced});
    const std::string whole = read_text(dir_ / "whole.png");
    for (const std::size_t kept : {std::size_t{9}, std::size_t{30}, std::size_t{60}, whole.size() / 2, whole.size() - 5}) {
      write_text(dir_ / "m.png", whole.substr(0, kept));
      const std::string sentence = png_refusal();
      EXPECT_EQ(sentence.rfind("wanted the given tissue mask: the PNG is damaged: ", 0), 0U) << kept << ": " << sentence;
      EXPECT_NE(sentence.find(": export it again"), std::string::npos) << sentence;
    }
    std::string flipped = whole;
    flipped[whole.size() / 2] = static_cast<char>(flipped[whole.size() / 2] ^ 0x55);
    write_text(dir_ / "m.png", flipped);
    EXPECT_NE(png_refusal().find("the PNG is damaged"), std::string::npos);
  }
}

}  // namespace
}  // namespace microtome
