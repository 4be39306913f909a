// SPDX-License-Identifier: Apache-2.0
// Hot tiles become regions whose outlines are closed, simple and exactly as large as their tiles, holes and diagonal corners included.
#include "reporting/regions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "tests/reporting/sample_findings.h"

namespace microtome {
namespace {

using Json = nlohmann::json;

// A grid as tiling makes it: start + llround(k * step), hot where the picture has '#', cold where it has '.', no tile where it is blank.
struct Field {
  std::vector<std::int64_t> coords;
  std::vector<float> attention, contribution;
  std::vector<bool> hot;
  double step = 100, side = 100;

  Field(const std::vector<std::string>& picture, double step_level0, double side_level0) : step(step_level0), side(side_level0) {
    for (std::size_t row = 0; row < picture.size(); ++row)
      for (std::size_t column = 0; column < picture[row].size(); ++column)
        if (picture[row][column] != ' ') add(static_cast<double>(column), static_cast<double>(row), picture[row][column] == '#');
    pad();
  }

  void add(double column, double row, bool is_hot) {
    coords.push_back(37 + std::llround(column * step));
    coords.push_back(11 + std::llround(row * step));
    hot.push_back(is_hot);
    attention.push_back(is_hot ? 0.9F : 0.1F);
    contribution.push_back(1.0F);
  }

  // cold tiles far below, so many that the hot ones are a small share: the top decile is then exactly the hot ones
  void pad() {
    const auto wanted = static_cast<int>(12 * std::count(hot.begin(), hot.end(), true));
    for (int i = 0; i < wanted; ++i) add(i % 20, 60 + i / 20, false);
  }

  RegionRequest request() const { return {coords, side, step, 0.5, {}, "case-7"}; }
  std::vector<Region> regions(std::size_t most = 1000) const {
    return find_regions(request(), sample_prediction(attention, contribution), most);
  }
};

double signed_area(const std::vector<Level0Point>& ring) {
  double twice = 0;
  for (std::size_t i = 0; i + 1 < ring.size(); ++i)
    twice += static_cast<double>(ring[i].x_level0 * ring[i + 1].y_level0 - ring[i + 1].x_level0 * ring[i].y_level0);
  return twice / 2;
}

double area(const Region& region) {
  double sum = 0;
  for (const auto& ring : region.rings) sum += signed_area(ring);
  return sum;
}

// Closed, axis-parallel, no corner twice, and no two edges that cross or touch except neighbours at their shared corner.
void expect_simple(const std::vector<Level0Point>& ring) {
  ASSERT_GE(ring.size(), 5U);
  EXPECT_EQ(ring.front(), ring.back());
  std::set<std::pair<std::int64_t, std::int64_t>> seen;
  for (std::size_t i = 0; i + 1 < ring.size(); ++i) {
    EXPECT_TRUE(seen.emplace(ring[i].x_level0, ring[i].y_level0).second) << "a corner twice";
    EXPECT_NE(ring[i].x_level0 == ring[i + 1].x_level0, ring[i].y_level0 == ring[i + 1].y_level0) << "not axis-parallel";
  }
  const std::size_t n = ring.size() - 1;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = i + 2; j < n; ++j) {
      if (i == 0 && j == n - 1) continue;
      const auto [ax0, ax1] = std::minmax(ring[i].x_level0, ring[i + 1].x_level0);
      const auto [ay0, ay1] = std::minmax(ring[i].y_level0, ring[i + 1].y_level0);
      const auto [bx0, bx1] = std::minmax(ring[j].x_level0, ring[j + 1].x_level0);
      const auto [by0, by1] = std::minmax(ring[j].y_level0, ring[j + 1].y_level0);
      EXPECT_FALSE(ax0 <= bx1 && bx0 <= ax1 && ay0 <= by1 && by0 <= ay1) << "edges " << i << " and " << j << " touch";
    }
  }
}

// Even-odd rule over all rings.
bool inside(const Region& region, double x, double y) {
  bool in = false;
  for (const auto& ring : region.rings)
    for (std::size_t i = 0; i + 1 < ring.size(); ++i) {
      const auto ax = static_cast<double>(ring[i].x_level0), ay = static_cast<double>(ring[i].y_level0);
      const auto by = static_cast<double>(ring[i + 1].y_level0);
      if ((ay > y) != (by > y) && x < ax) in = !in;
    }
  return in;
}

TEST(Regions, OneTileIsASquareInClockwiseOrderOnTheScreen) {
  const auto regions = Field({"#."}, 100, 100).regions();
  ASSERT_EQ(regions.size(), 1U);
  EXPECT_EQ(regions[0].rings, (std::vector<std::vector<Level0Point>>{{{137, 11}, {137, 111}, {37, 111}, {37, 11}, {137, 11}}}));
  EXPECT_EQ(regions[0].name, "Region 1");
  EXPECT_DOUBLE_EQ(regions[0].area_mm2, 100 * 100 * 0.25 / 1e6);
}

TEST(Regions, DiagonalNeighboursAreSeparate) {
  const auto regions = Field({"#.", ".#"}, 100, 100).regions();
  ASSERT_EQ(regions.size(), 2U);
  for (const Region& region : regions) EXPECT_EQ(region.tiles.size(), 1U);
}

TEST(Regions, AHoleIsARingOfItsOwnInTheOtherDirection) {
  const auto regions = Field({"###", "#.#", "###"}, 100, 100).regions();
  ASSERT_EQ(regions.size(), 1U);
  ASSERT_EQ(regions[0].rings.size(), 2U);
  EXPECT_EQ(signed_area(regions[0].rings[0]), 90000);
  EXPECT_EQ(signed_area(regions[0].rings[1]), -10000);
  EXPECT_EQ(area(regions[0]), 80000);
}

TEST(Regions, ACornerThatClosesAHoleDoesNotMakeARingTouchItself) {
  const auto regions = Field({"###.", "#.##", "##..", "####"}, 100, 100).regions();
  const auto pinched = Field({"####", "#..#", "##.#", "..##"}, 100, 100).regions();
  ASSERT_EQ(regions.size(), 1U);
  ASSERT_EQ(pinched.size(), 1U);
  EXPECT_EQ(regions[0].rings.size(), 2U);
  EXPECT_EQ(pinched[0].rings.size(), 2U);
  for (const auto& found : {regions[0], pinched[0]})
    for (const auto& ring : found.rings) expect_simple(ring);
}

TEST(Regions, RandomFieldsGiveSimpleRingsAsLargeAsTheirTiles) {
  std::mt19937 random(11);
  for (int round = 0; round < 60; ++round) {
    const double step = round % 3 == 0 ? 100 : 100 + static_cast<double>(random() % 997) / 997;
    std::vector<std::string> picture(12, std::string(14, '.'));
    for (auto& row : picture)
      for (char& c : row) c = random() % 100 < 55 ? '#' : random() % 4 == 0 ? ' ' : '.';
    const Field field(picture, step, step);
    std::size_t hot = 0;
    for (const Region& region : field.regions()) {
      hot += region.tiles.size();
      EXPECT_NEAR(area(region) * 0.25 / 1e6, region.area_mm2, 1e-12);
      EXPECT_NEAR(area(region), static_cast<double>(region.tiles.size()) * step * step,
                  2.5 * step * static_cast<double>(region.tiles.size()));
      EXPECT_GT(signed_area(region.rings[0]), 0);
      for (std::size_t i = 1; i < region.rings.size(); ++i) EXPECT_LT(signed_area(region.rings[i]), 0);
      for (const auto& ring : region.rings) expect_simple(ring);
      const std::set<std::size_t> mine(region.tiles.begin(), region.tiles.end());
      for (std::size_t tile = 0; tile < field.hot.size(); ++tile)
        EXPECT_EQ(inside(region, static_cast<double>(field.coords[2 * tile]) + 50, static_cast<double>(field.coords[2 * tile + 1]) + 50),
                  mine.contains(tile));
    }
    EXPECT_EQ(hot, static_cast<std::size_t>(std::count(field.hot.begin(), field.hot.end(), true)));
  }
}

TEST(Regions, CornersAreTheCornersOfTilesOnARealGrid) {
  const Field field({"####", "####"}, 256.513, 256.513);
  const auto regions = field.regions();
  ASSERT_EQ(regions.size(), 1U);
  // to the right the grid goes on (cold tiles lie in column 4): the edge is where that column starts; below it does not: the tiles' own end
  const std::int64_t right = 37 + std::llround(4 * 256.513), bottom = std::llround(11 + std::llround(256.513) + 256.513);
  const std::vector<Level0Point> ring = {{right, 11}, {right, bottom}, {37, bottom}, {37, 11}, {right, 11}};
  EXPECT_EQ(regions[0].rings, std::vector<std::vector<Level0Point>>{ring});
}

TEST(Regions, OverlappingTilesCountTheirStepNotTheirSide) {
  const auto regions = Field({"##."}, 80, 100).regions();
  ASSERT_EQ(regions.size(), 1U);
  EXPECT_EQ(area(regions[0]), 160 * 80);
}

TEST(Regions, KeepOnlyTilesThatSpeakForThePredictedClass) {
  Field field({"##"}, 100, 100);
  field.contribution[0] = -1;
  const auto regions = field.regions();
  ASSERT_EQ(regions.size(), 1U);
  EXPECT_EQ(regions[0].tiles, std::vector<std::size_t>{1});
}

TEST(Regions, AreNoneWhenAttentionIsEven) {
  Field field({"##"}, 100, 100);
  std::fill(field.attention.begin(), field.attention.end(), 0.25F);
  EXPECT_TRUE(field.regions().empty());
  EXPECT_TRUE(find_regions({{}, 100, 100, 0.5, {}, "case-7"}, sample_prediction({}, {})).empty());
}

TEST(Regions, ComeHighestScoreFirstAndAtMostAsManyAsAsked) {
  Field field({"#.#.#"}, 100, 100);
  field.contribution[2] = 3;
  field.contribution[4] = 2;
  const auto regions = field.regions(2);
  ASSERT_EQ(regions.size(), 2U);
  EXPECT_EQ(regions[0].tiles, std::vector<std::size_t>{2});
  EXPECT_EQ(regions[0].score, 3);
  EXPECT_EQ(regions[1].tiles, std::vector<std::size_t>{4});
  EXPECT_EQ(regions[1].name, "Region 2");
}

TEST(RegionsGeojson, TilesCarryMeasurementsAndNoClass) {
  const Field field({"#."}, 100, 100.4);
  const Json collection = Json::parse(regions_geojson(field.request(), sample_prediction(field.attention, field.contribution), {}));
  ASSERT_EQ(collection["features"].size(), field.attention.size());
  const Json& tile = collection["features"][0];
  EXPECT_EQ(tile["geometry"]["coordinates"], Json::parse("[[[37,11],[137,11],[137,111],[37,111],[37,11]]]"));
  EXPECT_EQ(tile["properties"]["objectType"], "tile");
  EXPECT_EQ(tile["properties"]["isLocked"], true);
  EXPECT_FALSE(tile["properties"].contains("classification"));
  const Json expected = {{"attention", 0.9}, {"attention_percentile", 100.0}, {"contribution_normal", -1.0}, {"contribution_tumour", 1.0}};
  EXPECT_EQ(tile["properties"]["measurements"], expected);
}

TEST(RegionsGeojson, RegionsAreLockedAnnotationsWithNameAndColour) {
  const Field field({"#."}, 100, 100);
  const Json collection =
      Json::parse(regions_geojson(field.request(), sample_prediction(field.attention, field.contribution), field.regions()));
  const Json& properties = collection["features"].back()["properties"];
  EXPECT_EQ(properties["objectType"], "annotation");
  EXPECT_EQ(properties["isLocked"], true);
  const Json classification = {{"name", "tumour (AI)"}, {"color", {0, 114, 178}}};
  EXPECT_EQ(properties["classification"], classification);
  EXPECT_EQ(properties["metadata"]["origin"], "level0");
}

TEST(RegionsGeojson, SubtractsTheOriginOfTheBounds) {
  const Field field({"#."}, 100, 100);
  RegionRequest request = field.request();
  request.bounds_origin = {30, 10};
  const Json collection = Json::parse(regions_geojson(request, sample_prediction(field.attention, field.contribution), field.regions()));
  EXPECT_EQ(collection["features"][0]["geometry"]["coordinates"][0][0], Json::parse("[7, 1]"));
  EXPECT_EQ(collection["features"].back()["geometry"]["coordinates"][0][0], Json::parse("[107, 1]"));
  EXPECT_EQ(collection["features"].back()["properties"]["metadata"]["origin"], "bounds");
}

TEST(RegionsGeojson, SaysWhichWeightsItCameFrom) {
  const Field field({"#."}, 100, 100);
  Prediction prediction = sample_prediction(field.attention, field.contribution);
  Json collection = Json::parse(regions_geojson(field.request(), prediction, {}));
  EXPECT_EQ(collection["model"], (Json{{"name", "abmil"}, {"sha256", std::string(64, 'e')}}));
  EXPECT_EQ(collection["encoder"], (Json{{"name", "resnet50-trunc"}, {"sha256", std::string(64, 'd')}}));
  prediction.encoder.sha256.clear();
  collection = Json::parse(regions_geojson(field.request(), prediction, {}));
  EXPECT_TRUE(collection["encoder"]["sha256"].is_null()) << "not known is not empty";
}

TEST(RegionsGeojson, LeavesOutWhatIsNotANumber) {
  Field field({"#."}, 100, 100);
  field.attention[0] = std::numeric_limits<float>::quiet_NaN();
  field.contribution[0] = std::numeric_limits<float>::infinity();
  const Json collection = Json::parse(regions_geojson(field.request(), sample_prediction(field.attention, field.contribution), {}));
  EXPECT_EQ(collection["features"][0]["properties"]["measurements"], Json::object());
}

TEST(RegionsGeojson, NamesEveryFeatureOnceAndTheSameNextTime) {
  const Field field({"#.#"}, 100, 100);
  const auto prediction = sample_prediction(field.attention, field.contribution);
  const std::string text = regions_geojson(field.request(), prediction, field.regions());
  EXPECT_EQ(text, regions_geojson(field.request(), prediction, field.regions()));
  std::set<std::string> ids;
  const Json collection = Json::parse(text);
  for (const Json& feature : collection["features"]) ids.insert(feature["id"].get<std::string>());
  EXPECT_EQ(ids.size(), collection["features"].size());
}

}  // namespace
}  // namespace microtome
