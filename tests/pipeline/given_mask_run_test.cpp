// SPDX-License-Identifier: Apache-2.0
// What a reader learns: a given tissue mask decides which tiles a run takes, its content counts as an input, and a bad one costs one slide.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "mil/sha256.h"
#include "tests/pipeline/graph_fixture.h"

namespace microtome {
namespace {

// A slide of 4 x 4 tiles of 32 pixels, tissue everywhere.
FakeArchive masked_archive(const std::filesystem::path& mask) {
  FakeArchive archive;
  archive.add("masked", tissue_slide(4, 1));
  archive.add("plain", tissue_slide(4, 2));
  archive.masks["masked"] = mask;
  return archive;
}

std::string box(int right) {
  const std::string x = std::to_string(right);
  return R"({"type":"Polygon","coordinates":[[[0,0],[)" + x + ",0],[" + x + ",128],[0,128]]]}";
}

nlohmann::json document(const FakeRun& run, const std::string& id) { return nlohmann::json::parse(run.document(id)); }

TEST(GivenMaskRun, TakesTheTilesOfTheMaskAndSaysSo) {
  const TempDir dir;
  write_text(dir / "mask.geojson", box(64));
  FakeRun run(masked_archive(dir / "mask.geojson"), dir.path(), 2);
  const RunCounts counts = run.run();
  EXPECT_EQ(counts.ok, 2u);
  const auto masked = document(run, "masked"), plain = document(run, "plain");
  EXPECT_EQ(masked["tissue"]["tiles_used"], 8);
  EXPECT_EQ(plain["tissue"]["tiles_used"], 16);
  EXPECT_DOUBLE_EQ(masked["tissue"]["area_mm2"].get<double>(), 0.032 * 0.064);  // 64 x 128 pixels of half a micron
  EXPECT_EQ(run.first_reason("masked"), "mask_given: the tissue mask was given by the manifest: tissue was not searched for");
  ASSERT_EQ(masked["inputs"].size(), 1u);
  EXPECT_EQ(masked["inputs"][0]["role"], "tissue_mask");
  EXPECT_EQ(masked["inputs"][0]["sha256"], sha256_of_file(dir / "mask.geojson"));
  EXPECT_TRUE(plain["inputs"].empty());
  EXPECT_TRUE(plain["reasons"].empty());
}

TEST(GivenMaskRun, AnEditedMaskMakesItsSlideBeDoneAgainAndNoOther) {
  const TempDir dir;
  write_text(dir / "mask.geojson", box(64));
  FakeRun run(masked_archive(dir / "mask.geojson"), dir.path(), 1);
  run.run();
  EXPECT_EQ(run.run().ok, 0u);
  write_text(dir / "mask.geojson", box(96));
  EXPECT_EQ(run.run().ok, 1u);
  EXPECT_EQ(document(run, "masked")["tissue"]["tiles_used"], 12);
}

TEST(GivenMaskRun, ABadOrMissingMaskFailsItsSlideAlone) {
  const TempDir dir;
  write_text(dir / "mask.geojson", R"({"type":"Point","coordinates":[1,2]})");
  FakeRun run(masked_archive(dir / "mask.geojson"), dir.path(), 2);
  RunCounts counts = run.run();
  EXPECT_EQ(counts.failed, 1u);
  EXPECT_EQ(counts.ok, 1u);
  EXPECT_EQ(
      run.first_reason("masked"),
      "mask: wanted the given tissue mask: feature 1 is a Point: only Polygon and MultiPolygon enclose tissue: delete it, or give it a "
      "class whose name ends in *");
  std::filesystem::remove(dir / "mask.geojson");
  EXPECT_EQ(run.run().failed, 1u);
  EXPECT_EQ(run.first_reason("masked"), "mask: wanted the given tissue mask: there is no such file: check the manifest's mask column");
  write_text(dir / "mask.geojson", box(64));
  EXPECT_EQ(run.run().ok, 1u);
}

}  // namespace
}  // namespace microtome
