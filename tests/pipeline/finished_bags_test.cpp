// SPDX-License-Identifier: Apache-2.0
// What a reader learns: features that are there are scored without the slide, the result is what a run from the slides would have written, and
// features that are not as they would be today are made anew.
#include "pipeline/finished_bags.h"

#include <gtest/gtest.h>

#include <fstream>

#include "mil/bag_file.h"
#include "tests/pipeline/graph_fixture.h"
#include "tests/support/expect_error.h"
#include "tests/support/fake_model.h"

namespace microtome {
namespace {

namespace fs = std::filesystem;

/// The first tile that is read; with one thread that is always the same one.
SlideMaker with_one_bad_tile(int side) {
  return [side] { return std::make_unique<FaultySlide>(tissue_slide(side)(), Faults{{}, 0, 6}); };
}

SlideMaker glass() {
  return [] {
    FakeSlideSettings settings;
    settings.size = {256, 256};
    return std::make_unique<FakeSlide>(settings);
  };
}

SlideMaker broken() {
  return []() -> std::unique_ptr<Slide> { throw SlideError("not_a_slide", "wanted a slide: it is none: leave it out"); };
}

FakeArchive archive() {
  FakeArchive out;
  out.add("a", tissue_slide(3, 1));
  out.add("bad-tile", with_one_bad_tile(12));
  out.add("glass", glass());
  out.add("z", tissue_slide(5, 2));
  return out;
}

std::shared_ptr<const FakeModel> model(double scale = 1) { return std::make_shared<FakeModel>(scale); }

/// From now on nothing of the slides may be read.
void forbid_slides(FakeRun& run) {
  run.parts.open = [](const ManifestRow& row) -> std::shared_ptr<const Slide> { throw SlideError("opened", "wanted no slide opened: " + row.keys.slide_id); };
}

std::int64_t calls_of(const FakeRun& run) { return dynamic_cast<const FakeEncoder&>(*run.parts.encoders.front()).calls(); }

void overwrite(const fs::path& path, std::size_t at, const std::string& bytes) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(static_cast<std::streamoff>(at));
  file << bytes;
}

TEST(FinishedBags, AModelAddedLaterGivesWhatARunFromTheSlidesGives) {
  const TempDir whole_dir, later_dir;
  FakeRun whole(archive(), whole_dir.path(), 1), later(archive(), later_dir.path(), 1);
  whole.set_model(model());
  whole.run();
  later.run();
  forbid_slides(later);
  const std::int64_t calls = calls_of(later);
  later.set_model(model());
  const RunCounts counts = later.run();
  EXPECT_EQ(counts.rescored, 4u);
  EXPECT_EQ(counts.ok, 2u);
  EXPECT_EQ(counts.partial, 2u);
  EXPECT_EQ(counts.tiles, 0u);
  EXPECT_EQ(calls_of(later), calls);
  for (const char* id : {"a", "bad-tile", "glass", "z"}) EXPECT_EQ(later.files(id), whole.files(id)) << id;
  EXPECT_TRUE(later.files("z").contains("heatmap.png"));
  EXPECT_EQ(later.run().ok, 0u) << "all is done";
}

TEST(FinishedBags, AnotherModelReplacesWhatTheFirstSaidAndNoneLeavesNothingOfIt) {
  const TempDir dir, other_dir;
  FakeRun run(archive(), dir.path(), 1), other(archive(), other_dir.path(), 1);
  run.set_model(model(1));
  run.run();
  forbid_slides(run);
  run.set_model(model(-1));
  run.run();
  other.set_model(model(-1));
  other.run();
  EXPECT_EQ(run.files("z"), other.files("z"));
  run.set_model(nullptr);
  EXPECT_EQ(run.run().rescored, 4u);
  EXPECT_FALSE(run.files("z").contains("prediction.h5"));
  EXPECT_FALSE(run.files("z").contains("heatmap.tif"));
}

TEST(FinishedBags, OfAnotherFolderAreScoredThereAndStayHere) {
  const TempDir dir, out_dir, whole_dir;
  FakeRun earlier(archive(), dir.path(), 1), whole(archive(), whole_dir.path(), 1);
  earlier.run();
  whole.set_model(model());
  whole.run();
  const auto before = earlier.files("z");
  FakeRun scored(earlier, model(), out_dir.path());
  EXPECT_EQ(scored.run().rescored, 4u);
  auto files = scored.files("z"), expected = whole.files("z");
  EXPECT_FALSE(files.contains("features.h5"));
  EXPECT_NE(files["findings.json"].find(R"("role": "features")"), std::string::npos);
  for (const char* name : {"prediction.h5", "heatmap.tif", "heatmap.png", "regions.geojson", "report.html", "thumbnail.jpg"}) EXPECT_EQ(files[name], expected[name]) << name;
  EXPECT_EQ(earlier.files("z"), before);
  EXPECT_EQ(scored.run().ok, 0u) << "all is done";
  scored.set_model(model(2));
  EXPECT_EQ(scored.run().ok, 2u);
}

TEST(FinishedBags, AreScoredWhereTheyLieToo) {
  const TempDir dir, whole_dir;
  FakeRun earlier(archive(), dir.path(), 1), whole(archive(), whole_dir.path(), 1);
  earlier.run();
  whole.set_model(model());
  whole.run();
  FakeRun scored(earlier, model(), dir.path());
  EXPECT_EQ(scored.run().rescored, 4u);
  for (const char* id : {"a", "bad-tile", "glass", "z"}) EXPECT_EQ(scored.files(id), whole.files(id)) << id;
}

TEST(FinishedBags, GiveTheSameBytesWithOneAndManyThreads) {
  const TempDir dir, one_dir, many_dir;
  FakeArchive many_slides;
  for (int i = 0; i < 30; ++i) many_slides.add("s" + std::to_string(100 + i), tissue_slide(1 + i % 7, i));
  FakeRun earlier(many_slides, dir.path(), 1);
  earlier.run();
  FakeRun one(earlier, model(), one_dir.path()), many(earlier, model(), many_dir.path());
  one.parts.threads = 1;
  many.parts.threads = 7;
  EXPECT_EQ(one.run().rescored, 30u);
  many.run();
  for (const auto& row : one.rows) EXPECT_EQ(one.files(row.keys.slide_id), many.files(row.keys.slide_id));
}

TEST(FinishedBags, AndSlidesStillToReadShareARun) {
  const TempDir dir, whole_dir;
  FakeArchive first, both;
  for (int i = 0; i < 20; ++i) {
    const std::string id = "s" + std::to_string(100 + i);
    both.add(id, tissue_slide(1 + i % 5, i));
    if (i % 3 != 0) first.add(id, tissue_slide(1 + i % 5, i));
  }
  FakeRun run(first, dir.path(), 3), whole(both, whole_dir.path(), 3);
  run.run();
  FakeRun later(both, dir.path(), 3);
  for (FakeRun* each : {&later, &whole}) {
    each->parts.bag_bytes = 25 * 6 * 4 + 1;  // one of the largest
    each->set_model(model());
  }
  EXPECT_EQ(later.run().rescored, 13u);
  EXPECT_EQ(whole.run().rescored, 0u);
  for (const auto& row : whole.rows) EXPECT_EQ(later.files(row.keys.slide_id), whole.files(row.keys.slide_id)) << row.keys.slide_id;
}

TEST(FinishedBags, ThatWouldNotBeMadeLikeThisTodayAreMadeAnew) {
  const TempDir dir;
  FakeRun run(archive(), dir.path(), 1);
  run.run();
  run.set_model(model());
  run.parts.bag_recipe = "another encoder, or other tiles";
  EXPECT_EQ(run.run().rescored, 0u);
  write_text(run.rows[0].path, "other pixels");
  run.set_model(model(2));
  const RunCounts counts = run.run();
  EXPECT_EQ(counts.rescored, 3u);
  EXPECT_EQ(counts.ok + counts.partial, 4u);
  fs::remove(run.parts.slide_folder("a") / "thumbnail.jpg");
  fs::remove(run.parts.slide_folder("z") / "features.h5");
  run.set_model(model(3));
  EXPECT_EQ(run.run().rescored, 2u);
}

TEST(FinishedBags, ThatCannotBeReadFailTheirSlideAloneAndAreMadeAnewNextTime) {
  const TempDir dir;
  FakeRun run(archive(), dir.path(), 1);
  run.run();
  const fs::path file = run.parts.slide_folder("z") / "features.h5";
  const std::string bytes = read_text(file);
  const auto index = bytes.find("TREE\x01");  // of the chunks of /features; attributes do not need it
  ASSERT_NE(index, std::string::npos);
  overwrite(file, index, "GONE");
  run.set_model(model());
  const RunCounts counts = run.run();
  EXPECT_EQ(counts.failed, 1u);
  EXPECT_EQ(run.first_reason("z").find("bag: read /features: "), 0u) << run.first_reason("z");
  EXPECT_EQ(run.status("a"), "ok");
  EXPECT_EQ(run.run().rescored, 0u);
  EXPECT_EQ(run.status("z"), "ok");
  overwrite(file, 0, "GONE");  // not even its attributes: the slide is read at once
  run.set_model(model(2));
  EXPECT_EQ(run.run().rescored, 3u);
  EXPECT_EQ(run.status("z"), "ok");
}

TEST(FinishedBags, WithANumberThatIsNoneFailTheirSlideWithTheTile) {
  const TempDir dir, out_dir;
  FakeRun run(archive(), dir.path(), 1);
  run.run();
  const fs::path file = run.parts.slide_folder("z") / "features.h5";
  const float first = read_bag_file(file).bag.features.front();
  const auto at = read_text(file).find(std::string(reinterpret_cast<const char*>(&first), 4));
  overwrite(file, at + 2, "\xc0\x7f");  // NaN
  FakeRun scored(run, model(), out_dir.path());
  EXPECT_EQ(scored.run().failed, 1u);
  EXPECT_EQ(scored.first_reason("z"), "bag: read /features: tile 0 holds a value that is not finite: delete it and run again");
  EXPECT_EQ(scored.status("a"), "ok");
}

TEST(FinishedBags, OfAnotherSlideAreRefused) {
  const TempDir dir, out_dir;
  FakeArchive twins;
  twins.add("a", tissue_slide(3, 1));
  twins.add("b", tissue_slide(3, 2));
  FakeRun run(twins, dir.path(), 1);
  run.run();
  fs::copy_file(run.parts.slide_folder("a") / "features.h5", run.parts.slide_folder("b") / "features.h5", fs::copy_options::overwrite_existing);
  FakeRun scored(run, model(), out_dir.path());
  EXPECT_EQ(scored.run().failed, 1u);
  EXPECT_EQ(scored.first_reason("b"), "bag: wanted the features of slide 'b', got those of 'a': a file was put into another slide's folder");
}

TEST(FinishedBags, OfAFailedSlideAreItsFailure) {
  const TempDir dir, out_dir;
  FakeArchive slides = archive();
  slides.add("broken", broken());
  FakeRun earlier(slides, dir.path(), 1);
  earlier.run();
  FakeRun scored(earlier, model(), out_dir.path());
  EXPECT_EQ(scored.run().failed, 1u);
  EXPECT_EQ(scored.first_reason("broken"), "not_a_slide: wanted a slide: it is none: leave it out");
}

TEST(FinishedBags, OfAnotherEncoderFailTheirSlideAndStay) {
  const TempDir dir;
  FakeRun earlier(archive(), dir.path(), 1);
  earlier.run();
  FakeRun scored(earlier, std::make_shared<FakeModel>(1, 7), dir.path());  // wants 7 features
  EXPECT_EQ(scored.run().failed, 4u);
  const std::string reason = scored.first_reason("z");
  EXPECT_EQ(reason.find("other_features: the model was trained with feature dimension '7': this run has '6': "), 0u) << reason;
  EXPECT_EQ(reason.find(dir.path().string()), std::string::npos) << reason;
  FakeRun again(earlier, model(), dir.path());
  EXPECT_EQ(again.run().rescored, 4u) << "the features were not lost";
  EXPECT_EQ(again.status("z"), "ok");
  EXPECT_EQ(again.first_reason("bad-tile"), "unreadable_tiles: 1 of 144 tiles could not be read and were left out");
}

TEST(FinishedBags, BeyondTheMemoryLimitAreRefusedAndStay) {
  const TempDir dir;
  FakeRun earlier(archive(), dir.path(), 1);
  earlier.run();
  FakeRun scored(earlier, model(), dir.path());
  scored.parts.bag_bytes = 25 * 6 * 4;
  EXPECT_EQ(scored.run().failed, 1u);  // bad-tile has 143
  EXPECT_EQ(scored.first_reason("bad-tile").find("memory_limit: wanted room for the features of 143 tiles"), 0u) << scored.first_reason("bad-tile");
  scored.parts.bag_bytes = 0;
  EXPECT_EQ(scored.run().rescored, 1u);
  EXPECT_EQ(scored.status("bad-tile"), "partial");
}

TEST(FinishedBags, BesideATileClassifierAreMadeAnew) {
  const TempDir dir;
  FakeArchive one;
  one.add("a", tissue_slide(3, 1));
  FakeRun run(one, dir.path(), 1);
  auto classifier = std::make_shared<FakeClassifier>();
  run.parts.encoders.push_back(classifier);
  run.run();
  run.set_model(model());
  const RunCounts counts = run.run();
  EXPECT_EQ(counts.rescored, 0u);
  EXPECT_EQ(counts.ok, 1u);
}

TEST(FinishedSlides, AreFoundByTheirDocumentsAndNamedOnce) {
  const TempDir dir;
  EXPECT_EQ(sentence_of<ConfigError>([&] { read_finished_slides(dir / "none"); }),
            (dir / "none").string() + ": wanted the folder of an earlier run: no such folder");
  EXPECT_EQ(sentence_of<ConfigError>([&] { read_finished_slides(dir.path()); }),
            dir.path().string() + ": wanted the results of an earlier run: there is no findings.json in the folder: run microtome run first");
  FakeRun run(archive(), dir / "one", 1);
  run.run();
  write_text(dir / "findings.json", "not one of ours");
  const auto rows = read_finished_slides(dir.path());
  ASSERT_EQ(rows.size(), 4u);
  EXPECT_EQ(rows[1].keys.slide_id, "bad-tile");
  fs::copy(dir / "one", dir / "two", fs::copy_options::recursive);
  const std::string said = sentence_of<ConfigError>([&] { read_finished_slides(dir.path()); });
  EXPECT_NE(said.find(": wanted one folder per slide: 'a' is in both "), std::string::npos) << said;
}

}  // namespace
}  // namespace microtome
