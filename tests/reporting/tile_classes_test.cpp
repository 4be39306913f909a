// SPDX-License-Identifier: Apache-2.0
// A tile classifier's numbers come out as they went in, in two formats and as sums; what is not a probability comes out nowhere.
#include "reporting/tile_classes.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "reporting/report_error.h"
#include "tests/reporting/sample_findings.h"

namespace microtome {
namespace {

using Json = nlohmann::ordered_json;

const std::vector<std::int64_t> kCoords = {512, 1024, 769, 1024, 512, 1281};

RegionRequest request(const std::vector<std::int64_t>& coords = kCoords) { return {coords, 256.6, 256.6, 0.5, {}, "case-7"}; }

TileClasses two() { return sample_tile_classes({"notumor", "tumor"}, {0.25F, 0.75F, 0.9868F, 0.0132F, 1, 0}); }

std::string error_of(const TileClasses& classes) {
  try {
    check_tile_classes(classes, 3);
  } catch (const ReportError& error) {
    return error.what();
  }
  return "";
}

TEST(TileCsv, IsWsinfersTable) {
  EXPECT_EQ(tile_csv(kCoords, 256.6, two()),
            "minx,miny,width,height,prob_notumor,prob_tumor\n"
            "512,1024,257,257,0.25,0.75\n"
            "769,1024,257,257,0.9868,0.0132\n"
            "512,1281,257,257,1,0\n");
}

TEST(TileCsv, QuotesNamesThatWouldEndAField) {
  const std::string text = tile_csv({}, 256, sample_tile_classes({"a,b", "say \"x\"", "two\nlines", "plain name"}, {}));
  EXPECT_EQ(text, "minx,miny,width,height,\"prob_a,b\",\"prob_say \"\"x\"\"\",\"prob_two\nlines\",prob_plain name\n");
}

TEST(TileGeojson, IsOneLockedTileARowInQupathsDialect) {
  EXPECT_EQ(Json::parse(tile_geojson(request(), two()))["features"][1]["geometry"],
            Json::parse(R"({"type":"Polygon","coordinates":[[[769,1024],[1026,1024],[1026,1281],[769,1281],[769,1024]]]})"));
  EXPECT_EQ(Json::parse(tile_geojson(request(), two()))["features"][1]["properties"],
            Json::parse(R"({"objectType":"tile","isLocked":true,"measurements":{"prob_notumor":0.9868,"prob_tumor":0.0132}})"));
}

TEST(TileGeojson, NamesTheModelAndTheFrame) {
  Json collection = Json::parse(tile_geojson(request(), two()));
  EXPECT_EQ(collection["model"], (Json{{"name", "tiler"}, {"sha256", std::string(64, 'd')}}));
  EXPECT_EQ(collection["origin"], "level0");
  EXPECT_FALSE(collection.contains("rehearsal"));
  TileClasses classes = two();
  classes.random_weights = true;
  classes.sha256.clear();
  collection = Json::parse(tile_geojson(request(), classes));
  EXPECT_EQ(collection["rehearsal"], "the classifier's weights are random numbers: probabilities mean nothing");
  EXPECT_EQ(collection["model"]["sha256"], nullptr);
}

TEST(TileGeojson, SubtractsTheOriginOfTheBoundsAndSaysSo) {
  RegionRequest cropped = request();
  cropped.bounds_origin = {500, 1000};
  const Json collection = Json::parse(tile_geojson(cropped, two()));
  EXPECT_EQ(collection["features"][0]["geometry"]["coordinates"][0][0], Json::parse("[12,24]"));
  EXPECT_EQ(collection["origin"], "bounds");
}

TEST(TileGeojson, HasStableIdsThatRegionsDoNotUse) {
  const std::string text = tile_geojson(request(), two());
  EXPECT_EQ(text, tile_geojson(request(), two()));
  std::set<std::string> ids;
  const std::vector<float> even(3, 0.1F);
  TileClasses other = two();
  other.sha256 = std::string(64, 'e');
  for (const std::string& file : {text, regions_geojson(request(), sample_prediction(even, even), {}), tile_geojson(request(), other)}) {
    const Json collection = Json::parse(file);
    for (const Json& feature : collection["features"]) ids.insert(feature["id"].get<std::string>());
  }
  EXPECT_EQ(ids.size(), 9U);
}

TEST(TileGeojson, SurvivesNamesThatJsonWouldNot) {
  TileClasses classes = two();
  classes.model = "the \"best\"";
  classes.classes = {"caf\xe9", "a\"\\\n"};
  const Json collection = Json::parse(tile_geojson(request(), classes));
  EXPECT_EQ(collection["model"]["name"], "the \"best\"");
  EXPECT_EQ(collection["features"][0]["properties"]["measurements"], (Json{{"prob_caf\uFFFD", 0.25}, {"prob_a\"\\\n", 0.75}}));
}

TEST(TileGeojson, OfNoTilesIsACollectionOfNone) {
  EXPECT_EQ(Json::parse(tile_geojson(request({}), sample_tile_classes({"tumor"}, {})))["features"], Json::array());
}

TEST(TileClasses, RefuseWhatIsNotAProbabilityAndNameTheTile) {
  for (const float wrong : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -0.25F, 1.5F}) {
    TileClasses classes = two();
    classes.probabilities[3] = wrong;
    EXPECT_NE(error_of(classes).find("for class tumor of tile 1:"), std::string::npos) << error_of(classes);
    EXPECT_THROW(tile_csv(kCoords, 256, classes), ReportError);
    EXPECT_THROW(tile_geojson(request(), classes), ReportError);
    EXPECT_THROW(scores_of(classes, 1), ReportError);
    EXPECT_THROW(tile_class_summary(classes, 256, 0.5), ReportError);
  }
}

TEST(TileClasses, RefuseOtherNumbersThanTilesAndNamesThatDoNotTellApart) {
  EXPECT_EQ(error_of(two()), "");
  TileClasses classes = two();
  classes.probabilities.pop_back();
  EXPECT_NE(error_of(classes).find("wanted 6 probabilities (3 tiles x 2 classes): found 5"), std::string::npos) << error_of(classes);
  classes = two();
  classes.classes[0] = "tumor";
  EXPECT_NE(error_of(classes).find("found tumor twice"), std::string::npos) << error_of(classes);
  classes.classes[0] = "";
  EXPECT_NE(error_of(classes).find("found an empty one"), std::string::npos) << error_of(classes);
  classes.classes.clear();
  EXPECT_NE(error_of(classes).find("wanted at least one class"), std::string::npos) << error_of(classes);
}

TEST(TileClasses, TheClassOfInterestIsDrawnOfTwoAndAllOfMore) {
  EXPECT_EQ(classes_to_draw(sample_tile_classes({"a"}, {})), (std::vector<int>{0}));
  EXPECT_EQ(classes_to_draw(sample_tile_classes({"a", "b"}, {})), (std::vector<int>{1}));
  EXPECT_EQ(classes_to_draw(sample_tile_classes({"a", "b", "c"}, {})), (std::vector<int>{0, 1, 2}));
}

TEST(TileClasses, ScoresAreProbabilitiesNotRanks) { EXPECT_EQ(scores_of(two(), 1), (std::vector<float>{0.75F, 0.0132F, 0})); }

TEST(TileClasses, EveryClassHasAFileNameOfItsOwnInsideTheFolder) {
  EXPECT_EQ(heatmap_stem("lymphocyte-positive_2"), "heatmap_lymphocyte-positive_2");
  EXPECT_EQ(heatmap_stem("../a b"), "heatmap_%2E%2E%2Fa%20b");
  EXPECT_NE(heatmap_stem("a b"), heatmap_stem("a%20b"));
}

TEST(TileClassSummary, CountsTilesByTheirMostProbableClass) {
  const auto rows = tile_class_summary(two(), 200, 0.5);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].name, "notumor");
  EXPECT_EQ(rows[0].model, "tiler");
  EXPECT_EQ(rows[0].tiles, 2);
  EXPECT_EQ(rows[1].tiles, 1);
  EXPECT_DOUBLE_EQ(rows[0].share, 2.0 / 3);
  EXPECT_NEAR(rows[1].mean_probability, (0.75 + 0.0132) / 3, 1e-8);
}

TEST(TileClassSummary, AreaIsTheStepNotTheSide) { EXPECT_DOUBLE_EQ(tile_class_summary(two(), 200, 0.5)[0].area_mm2, 2 * 0.01); }

TEST(TileClassSummary, ATieGoesToTheFirstClass) {
  const auto rows = tile_class_summary(sample_tile_classes({"a", "b", "c"}, {0.25F, 0.375F, 0.375F}), 200, 0.5);
  EXPECT_EQ(rows[0].tiles + rows[2].tiles, 0);
  EXPECT_EQ(rows[1].tiles, 1);
}

TEST(TileClassSummary, OneLogitCountsFromOneHalf) {
  const auto rows = tile_class_summary(sample_tile_classes({"mitosis"}, {0.5F, 0.4999F, 0.9F, 0}), 200, 0.5);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].tiles, 2);
  EXPECT_DOUBLE_EQ(rows[0].share, 0.5);
}

TEST(TileClassSummary, OfNoTilesSaysNothing) { EXPECT_TRUE(tile_class_summary(sample_tile_classes({"a"}, {}), 200, 0.5).empty()); }

}  // namespace
}  // namespace microtome
