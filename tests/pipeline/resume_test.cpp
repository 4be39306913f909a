// SPDX-License-Identifier: Apache-2.0
// What a reader learns: what counts as done, and what makes a slide be done again.
#include "pipeline/resume.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"
#include "tests/support/fake_encoder.h"
#include "tests/support/temp_dir.h"
#include "tiling/slide.h"

namespace microtome {
namespace {

TEST(Identity, ComesFromSizeAndBothEnds) {
  const TempDir dir;
  std::string text(3 << 20, 'a');
  write_text(dir / "s", text);
  const std::string first = identify_slide(dir / "s", {}).identity;
  text.back() = 'b';
  write_text(dir / "s", text);
  EXPECT_NE(identify_slide(dir / "s", {}).identity, first);
  text.back() = 'a';
  write_text(dir / "s", text);
  EXPECT_EQ(identify_slide(dir / "s", {}).identity, first);
}

TEST(Identity, IsBelievedWhileSizeAndTimeAreTheSame) {
  const TempDir dir;
  write_text(dir / "s", "pixels");
  const SlideFile file = identify_slide(dir / "s", {});
  FindingsMarker known;
  known.identity = "remembered";
  known.slide_bytes = file.bytes;
  known.slide_mtime_ns = file.mtime_ns;
  EXPECT_EQ(identify_slide(dir / "s", known).identity, "remembered");
  known.slide_mtime_ns += 1;
  EXPECT_EQ(identify_slide(dir / "s", known).identity, file.identity);
}

TEST(Identity, MissingFileIsASentenceWithoutItsPath) {
  EXPECT_EQ(sentence_of<SlideError>([] { identify_slide("/archive/Smith/a.svs", {}); }),
            "wanted the slide's file: there is no such file: check the manifest");
}

TEST(Recipe, OfFeaturesFollowsEverythingThatChangesThem) {
  Config config;
  using Encoders = std::vector<std::shared_ptr<const Encoder>>;
  const Encoders encoder{std::make_shared<FakeEncoder>(6)};
  const std::string base = bag_recipe(config, encoder);
  const auto changed = [&](auto change) {
    const auto other = std::make_shared<FakeEncoder>(6);
    change(other->change_facts());
    return bag_recipe(config, Encoders{other});
  };
  EXPECT_EQ(changed([](EncoderFacts&) {}), base);
  EXPECT_NE(changed([](EncoderFacts& facts) { facts.sha256 = "1"; }), base);
  EXPECT_NE(changed([](EncoderFacts& facts) { facts.precision = "bfloat16"; }), base);
  EXPECT_NE(changed([](EncoderFacts& facts) { facts.preprocessing = "resize 224 bicubic"; }), base) << "an edited card";
  EXPECT_NE(changed([](EncoderFacts& facts) { facts.classes = {"a"}; }), base);
  EXPECT_NE(bag_recipe(config, {encoder[0], encoder[0]}), base);
  config.run.max_missing_genes = 0.5;
  config.run.hash_slides = true;
  EXPECT_EQ(bag_recipe(config, encoder), base) << "no feature changes";
  config.tissue.close_um += 1;
  EXPECT_NE(bag_recipe(config, encoder), base);
  ManifestRow row;
  const std::string of_slide = slide_bag_recipe(base, row, "a", "");
  EXPECT_NE(slide_bag_recipe(base, row, "b", ""), of_slide);
  EXPECT_NE(slide_bag_recipe(base, row, "a", "m"), of_slide);
  row.keys.patient_id = "p";
  EXPECT_EQ(slide_bag_recipe(base, row, "a", ""), of_slide);
  row.mpp = 0.25;
  EXPECT_NE(slide_bag_recipe(base, row, "a", ""), of_slide);
}

TEST(Recipe, OfResultsFollowsFeaturesModelTableAndPatient) {
  Config config;
  const std::string model = model_recipe(config, "", "");
  EXPECT_NE(model_recipe(config, "m", ""), model);
  EXPECT_NE(model_recipe(config, "", "g"), model);
  config.run.max_missing_genes = 0.5;
  EXPECT_NE(model_recipe(config, "", ""), model);
  config = {};
  config.run.hash_slides = true;
  EXPECT_NE(model_recipe(config, "", ""), model) << "another document";
  const std::string base = slide_recipe("bag", model, {"s", "p", "x"});
  EXPECT_NE(slide_recipe("other", model, {"s", "p", "x"}), base);
  EXPECT_NE(slide_recipe("bag", "other", {"s", "p", "x"}), base);
  EXPECT_NE(slide_recipe("bag", model, {"s", "q", "x"}), base);
  EXPECT_NE(slide_recipe("bag", model, {"s", "p", "y"}), base);
}

TEST(Recipe, AMaskCountsByItsContentWhereverItLies) {
  const TempDir dir;
  write_text(dir / "a.png", "one");
  write_text(dir / "b.png", "one");
  EXPECT_EQ(identify_mask({}), "");
  const std::string first = identify_mask(dir / "a.png");
  EXPECT_EQ(identify_mask(dir / "b.png"), first);
  write_text(dir / "a.png", "two");
  EXPECT_NE(identify_mask(dir / "a.png"), first);
  EXPECT_EQ(sentence_of<SlideError>([] { identify_mask("/archive/Smith/a.png"); }),
            "wanted the given tissue mask: there is no such file: check the manifest's mask column");
}

TEST(Done, NeedsRecipeStatusAndWholeArtifacts) {
  const TempDir dir;
  write_text(dir / "features.h5", "12345");
  FindingsMarker marker;
  marker.recipe = "r";
  marker.status = "ok";
  marker.artifacts.push_back({"features", "features.h5", "", "", 5});
  EXPECT_TRUE(is_done(dir.path(), marker, "r"));
  EXPECT_FALSE(is_done(dir.path(), marker, "other"));
  marker.artifacts[0].bytes = 6;
  EXPECT_FALSE(is_done(dir.path(), marker, "r"));
  marker.artifacts[0].bytes = 5;
  marker.status = "failed";
  EXPECT_FALSE(is_done(dir.path(), marker, "r"));
}

TEST(Marker, HalfWrittenDocumentIsNone) {
  const TempDir dir;
  EXPECT_FALSE(read_marker(dir.path()));
  write_text(dir / "findings.json", "{\"schema_version\": \"1");
  EXPECT_FALSE(read_marker(dir.path()));
}

}  // namespace
}  // namespace microtome
