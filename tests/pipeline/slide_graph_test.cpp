// SPDX-License-Identifier: Apache-2.0
// What a reader learns: whatever a slide does, every slide is published once, the others go on, and threads never change a byte.
#include "pipeline/slide_graph.h"

#include <gtest/gtest.h>

#include <limits>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "mil/bag_file.h"
#include "mil/model_error.h"
#include "pipeline/machine/interrupt.h"
#include "tests/pipeline/graph_fixture.h"
#include "tests/support/expect_error.h"

namespace microtome {
namespace {

SlideMaker glass_slide() {
  return [] {
    FakeSlideSettings settings;
    settings.size = {256, 256};
    return std::make_unique<FakeSlide>(settings);
  };
}

SlideMaker faulty_slide(int side, Faults faults) {
  return [side, faults] { return std::make_unique<FaultySlide>(tissue_slide(side)(), faults); };
}

SlideMaker not_a_slide() {
  return []() -> std::unique_ptr<Slide> {
    throw SlideError("not_a_slide", "wanted a slide: the library does not know the format: convert it");
  };
}

/// The middle of tile (column, row): a fault there touches no neighbour. The overview reads level 0 as well, so faults name reads, not
/// areas, below.
FakeArchive mixed_archive() {
  FakeArchive archive;
  for (int i = 0; i < 12; ++i) archive.add("tiny" + std::to_string(100 + i), tissue_slide(1 + i % 2, i));
  archive.add("huge", tissue_slide(24, 7));
  archive.add("glass", glass_slide());
  archive.add("broken", not_a_slide());
  for (int i = 0; i < 5; ++i) archive.add("late" + std::to_string(i), tissue_slide(3, 50 + i));
  return archive;
}

TEST(SlideGraph, PublishesEverySlideOnceWhateverItIs) {
  const TempDir dir;
  FakeRun run(mixed_archive(), dir.path(), 2);
  const RunCounts counts = run.run();
  EXPECT_EQ(counts.ok, 18u);
  EXPECT_EQ(counts.partial, 1u);  // glass
  EXPECT_EQ(counts.failed, 1u);
  EXPECT_EQ(counts.tiles, 6u * 1 + 6u * 4 + 24u * 24 + 5u * 9);
  EXPECT_EQ(run.status("huge"), "ok");
  EXPECT_EQ(run.status("glass"), "partial");
  EXPECT_EQ(run.first_reason("glass"), "no_tissue: no tile holds enough tissue: nothing was encoded");
  EXPECT_EQ(run.status("broken"), "failed");
  EXPECT_EQ(run.first_reason("broken"), "not_a_slide: wanted a slide: the library does not know the format: convert it");
}

TEST(SlideGraph, GivesTheSameBytesWithOneAndManyThreads) {
  const TempDir one, two, many;
  FakeRun a(mixed_archive(), one.path(), 1), b(mixed_archive(), two.path(), 2), c(mixed_archive(), many.path(), 7);
  a.run(), b.run(), c.run();
  EXPECT_EQ(a.all_bytes(), b.all_bytes());
  EXPECT_EQ(a.all_bytes(), c.all_bytes());
}

TEST(SlideGraph, FeaturesAreThoseOfTheTilesOwnPixels) {
  const TempDir dir;
  FakeArchive archive;
  archive.add("a", tissue_slide(3, 1));
  archive.add("b", tissue_slide(5, 2));  // their tiles share batches
  FakeRun run(archive, dir.path(), 2);
  run.run();
  const Bag bag = read_bag_file(run.parts.slide_folder("b") / "features.h5").bag;
  ASSERT_EQ(bag.tiles(), 25);
  const auto slide = tissue_slide(5, 2)();
  std::vector<std::uint8_t> rgb(32 * 32 * 3);
  for (std::int64_t t = 0; t < bag.tiles(); ++t) {
    read_window(*slide, 0, bag.coords[2 * t], bag.coords[2 * t + 1], {32, 32}, rgb);
    for (int d = 0; d < 6; ++d) EXPECT_EQ(bag.features[t * 6 + d], FakeEncoder::feature(rgb, d)) << "tile " << t;
  }
}

TEST(SlideGraph, SecondRunDoesNothingButTheFailedOnes) {
  const TempDir dir;
  FakeRun run(mixed_archive(), dir.path(), 2);
  run.run();
  const RunCounts again = run.run();
  EXPECT_EQ(again.ok + again.partial, 0u);
  EXPECT_EQ(again.failed, 1u);
}

TEST(SlideGraph, AnotherRecipeDoesEverythingAgain) {
  const TempDir dir;
  FakeArchive archive;
  archive.add("a", tissue_slide(2));
  FakeRun run(archive, dir.path(), 1);
  run.run();
  run.parts.bag_recipe = "another";
  EXPECT_EQ(run.run().ok, 1u);
}

/// The overview takes one read of a slide this small; tile k is then read number k + 1.
TEST(SlideGraph, TileThatCannotBeReadIsListedAndNeverInvented) {
  const TempDir dir;
  FakeArchive archive;
  archive.add("a", faulty_slide(12, {{}, 0, 6}));
  FakeRun run(archive, dir.path(), 1);
  EXPECT_EQ(run.run().partial, 1u);
  EXPECT_EQ(run.first_reason("a"), "unreadable_tiles: 1 of 144 tiles could not be read and were left out");
  const Bag bag = read_bag_file(run.parts.slide_folder("a") / "features.h5").bag;
  EXPECT_EQ(bag.tiles(), 143);
  ASSERT_EQ(bag.unreadable.size(), 2u);
  for (std::int64_t t = 0; t < bag.tiles(); ++t) {
    EXPECT_FALSE(bag.coords[2 * t] == bag.unreadable[0] && bag.coords[2 * t + 1] == bag.unreadable[1]);
  }
}

TEST(SlideGraph, TooManyUnreadableTilesFailTheSlideAlone) {
  const TempDir dir;
  FakeArchive archive;
  archive.add("a", faulty_slide(4, {{}, 0, 5}));  // 1 of 16 is more than 1 %
  archive.add("b", tissue_slide(2));
  FakeRun run(archive, dir.path(), 2);
  const RunCounts counts = run.run();
  EXPECT_EQ(counts.failed, 1u);
  EXPECT_EQ(counts.ok, 1u);
  EXPECT_EQ(run.first_reason("a"),
            "too_many_unreadable: wanted at most 1 % of the tiles unreadable, got 1 of 16: the file is damaged: fetch it again");
}

TEST(SlideGraph, DamageThatTheOverviewSeesCostsItsTilesAlone) {
  const TempDir dir;
  FakeArchive archive;
  archive.add("a", faulty_slide(24, {{{11 * 32 + 10, 5 * 32 + 10, 4, 4}}, 0, -1}));
  FakeRun run(archive, dir.path(), 2);
  EXPECT_EQ(run.run().partial, 1u);
  EXPECT_EQ(run.first_reason("a"), "unreadable_tiles: 1 of 576 tiles could not be read and were left out");
  const Bag bag = read_bag_file(run.parts.slide_folder("a") / "features.h5").bag;
  EXPECT_EQ(bag.unreadable, (std::vector<std::int64_t>{11 * 32, 5 * 32}));
}

// A slide on storage that answers late: a second fetch must be under way before the first ends; and nothing is decoded unfetched.
class LateSlide : public Slide {
 public:
  LateSlide(std::unique_ptr<Slide> slide, std::atomic<int>& unfetched) : slide_(std::move(slide)), unfetched_(unfetched) {}
  const SlideInfo& info() const override { return slide_->info(); }
  void read(int level, std::span<LevelWindow> windows, const StoredBytes* fetched) const override {
    if (!fetched) ++unfetched_;
    slide_->read(level, windows, nullptr);
  }
  std::shared_ptr<const StoredBytes> fetch(int, std::span<const LevelWindow> windows) const override {
    if (windows.front().size.width == 32) meet_another();  // a tile's, not the overview's
    return std::make_shared<StoredBytes>();
  }

 private:
  void meet_another() const {
    std::unique_lock lock(mutex_);
    ++under_way_;
    another_.notify_all();
    if (!another_.wait_for(lock, std::chrono::seconds(60), [&] { return under_way_ >= 2; })) throw SlideError("read_failed", "nobody else asked");
  }

  std::unique_ptr<Slide> slide_;
  std::atomic<int>& unfetched_;
  mutable std::mutex mutex_;
  mutable std::condition_variable another_;
  mutable int under_way_ = 0;
};

TEST(SlideGraph, StorageIsAskedAheadAndByManyAtOnce) {
  const TempDir dir;
  FakeArchive archive;
  std::atomic<int> unfetched{0};
  archive.add("a", [&] { return std::make_unique<LateSlide>(tissue_slide(8)(), unfetched); });  // 64 tiles: 8 batches of 8
  FakeRun run(archive, dir.path(), 1);
  EXPECT_EQ(run.run().ok, 1u);
  EXPECT_EQ(unfetched, 0);
}

TEST(SlideGraph, OverviewThatCannotBeReadFailsTheSlide) {
  const TempDir dir;
  FakeArchive archive;
  archive.add("a", faulty_slide(4, {{{0, 0, 128, 128}}, 0, -1}));
  FakeRun run(archive, dir.path(), 2);
  EXPECT_EQ(run.run().failed, 1u);
  EXPECT_EQ(run.first_reason("a").substr(0, 11), "read_failed");
}

TEST(SlideGraph, SlideThatCannotBePublishedFailsAlone) {
  const TempDir dir;
  FakeArchive archive;
  archive.add("a", tissue_slide(2));
  archive.add("b", tissue_slide(2));
  FakeRun run(archive, dir.path(), 2);
  // a folder stands where the file must go: the rename fails, the failure record can still be written
  std::filesystem::create_directories(run.parts.slide_folder("a") / "features.h5" / "in the way");
  const RunCounts counts = run.run();
  EXPECT_EQ(counts.failed, 1u);
  EXPECT_EQ(counts.ok, 1u);
  EXPECT_EQ(run.first_reason("a").substr(0, 41), "publish_failed: wanted to publish a file:");
}

TEST(SlideGraph, OutputThatTakesNothingEndsTheRun) {
  const TempDir dir;
  FakeArchive archive;
  archive.add("a", tissue_slide(2));
  FakeRun run(archive, dir.path(), 2);
  write_text(dir / "slides", "a file where the folder must go");
  EXPECT_THROW(run.run(), OutputError);
}

TEST(SlideGraph, EncoderThatThrowsEndsTheRunWithItsSentence) {
  const TempDir dir;
  FakeRun run(mixed_archive(), dir.path(), 2);
  run.parts.encoders = {std::make_shared<FakeEncoder>(6, 5)};
  try {
    run.run();
    FAIL() << "the run went on";
  } catch (const ModelError& e) {
    EXPECT_STREQ(e.what(), "fake: wanted a batch: told to fail at call 5");
  }
}

/// Asks the run to stop at the k-th forward pass.
class StoppingEncoder : public Encoder {
 public:
  explicit StoppingEncoder(int at) : at_(at) {}
  const EncoderFacts& facts() const override { return fake_.facts(); }
  void encode(std::span<const std::uint8_t> rgb, int slots, int tile_px, std::span<float> features) const override {
    fake_.encode(rgb, slots, tile_px, features);
    if (fake_.calls() == at_) pretend_signal(SIGTERM);
  }
  std::int64_t calls() const { return fake_.calls(); }

 private:
  FakeEncoder fake_{6};
  int at_;
};

TEST(SlideGraph, InterruptedRunGoesOnAtTheTileAndEndsWithTheSameBytes) {
  const TempDir whole_dir, dir;
  FakeArchive archive;
  archive.add("a", tissue_slide(3, 1));
  archive.add("b", tissue_slide(20, 2));
  archive.add("c", tissue_slide(3, 3));
  FakeRun whole(archive, whole_dir.path(), 1);
  whole.run();

  FakeRun run(archive, dir.path(), 1);
  run.parts.encoders = {std::make_shared<StoppingEncoder>(20)};
  run.run();
  pretend_signal(0);
  EXPECT_EQ(run.status("b"), "no document");
  EXPECT_TRUE(std::filesystem::exists(run.parts.slide_folder("b") / "features.part.h5"));

  const auto second = std::make_shared<StoppingEncoder>(-1);
  run.parts.encoders = {second};
  run.run();
  EXPECT_LT(second->calls(), 40) << "of 52 batches in all, 20 were finished before";
  EXPECT_FALSE(std::filesystem::exists(run.parts.slide_folder("b") / "features.part.h5"));
  EXPECT_EQ(run.all_bytes(), whole.all_bytes());
}

/// As on a device: the graph hands batches to threads that wait for it.
std::shared_ptr<FakeEncoder> device_encoder(std::int64_t fail_at_call = 0) {
  auto encoder = std::make_shared<FakeEncoder>(6, fail_at_call);
  encoder->change_facts().lanes = 4;
  return encoder;
}

TEST(SlideGraph, EncodersOnDevicesGiveTheSameBytes) {
  const TempDir on_cpu, on_device;
  FakeRun cpu(mixed_archive(), on_cpu.path(), 2), device(mixed_archive(), on_device.path(), 2);
  device.parts.encoders = {device_encoder()};
  cpu.run();
  device.run();
  EXPECT_EQ(device.all_bytes(), cpu.all_bytes());
}

TEST(SlideGraph, AnEncoderOnADeviceThatThrowsEndsTheRunWithItsSentence) {
  const TempDir dir;
  FakeRun run(mixed_archive(), dir.path(), 2);
  run.parts.encoders = {device_encoder(5)};
  EXPECT_EQ(sentence_of<ModelError>([&] { run.run(); }), "fake: wanted a batch: told to fail at call 5");
}

TEST(SlideGraph, SeveralEncodersShareEachDecodedTile) {
  const TempDir both_dir, one_dir;
  FakeArchive archive;
  archive.add("a", tissue_slide(5, 1));
  FakeRun one(archive, one_dir.path(), 2), both(archive, both_dir.path(), 2);
  const auto first = std::make_shared<FakeEncoder>(6), second = std::make_shared<FakeEncoder>(3);
  second->change_facts().name = "second";
  both.parts.encoders = {first, second};
  one.run();
  both.run();
  EXPECT_EQ(first->calls(), second->calls());
  const auto folder = both.parts.slide_folder("a");
  const BagFile of_first = read_bag_file(folder / "features.h5"), of_second = read_bag_file(folder / "features.second.h5");
  EXPECT_EQ(of_first.bag.features, read_bag_file(one.parts.slide_folder("a") / "features.h5").bag.features);
  EXPECT_EQ(of_second.bag.coords, of_first.bag.coords);
  EXPECT_EQ(of_second.facts.encoder, "second");
  for (std::int64_t tile = 0; tile < of_first.bag.tiles(); ++tile) {
    for (std::int64_t d = 0; d < 3; ++d) {
      EXPECT_EQ(of_second.bag.features[static_cast<std::size_t>(tile * 3 + d)], of_first.bag.features[static_cast<std::size_t>(tile * 6 + d)]);
    }
  }
}

TEST(SlideGraph, ATileClassifierWritesTablesAndPicturesAndNoBag) {
  const TempDir dir;
  FakeArchive archive;
  archive.add("a", tissue_slide(4, 1));
  FakeRun run(archive, dir.path(), 2);
  run.parts.encoders = {std::make_shared<FakeClassifier>()};
  run.run();
  const auto folder = run.parts.slide_folder("a");
  EXPECT_EQ(run.status("a"), "ok");
  EXPECT_FALSE(std::filesystem::exists(folder / "features.h5"));
  for (const char* name : {"tiles.csv", "tiles.geojson", "heatmap.tif", "heatmap.png"}) EXPECT_TRUE(std::filesystem::exists(folder / name)) << name;
  EXPECT_NE(run.document("a").find("\"tile_classes\": ["), std::string::npos);
  EXPECT_EQ(read_text(folder / "tiles.csv").substr(0, 45), "minx,miny,width,height,prob_other,prob_tumor\n");
  // the files of a classifier that the next run does not have are not left behind
  run.parts.encoders = {std::make_shared<FakeEncoder>(6)};
  run.parts.bag_recipe = "another";
  run.run();
  EXPECT_FALSE(std::filesystem::exists(folder / "tiles.csv"));
  EXPECT_TRUE(std::filesystem::exists(folder / "features.h5"));
}

TEST(SlideGraph, ProbabilitiesThatAreNoNumbersFailTheSlideAndNameTheTile) {
  const TempDir dir;
  FakeArchive archive;
  archive.add("a", tissue_slide(4, 1));
  FakeRun run(archive, dir.path(), 2);
  run.parts.encoders = {std::make_shared<FakeClassifier>(std::numeric_limits<float>::quiet_NaN())};
  run.run();
  EXPECT_EQ(run.first_reason("a"), "not_finite: wanted finite probabilities of fake, got NaN or infinity for the tile at level-0 (0, 0): check "
                                   "the encoder's precision");
}

TEST(SlideGraph, BagsBeyondTheLimitWaitOrAreRefusedAndBytesStayTheSame) {
  const TempDir free_dir, tight_dir;
  FakeArchive archive;
  for (int i = 0; i < 6; ++i) archive.add(std::string(1, static_cast<char>('a' + i)), tissue_slide(i == 3 ? 9 : 4, static_cast<std::uint64_t>(i)));
  FakeRun free(archive, free_dir.path(), 2), tight(archive, tight_dir.path(), 2);
  free.run();
  tight.parts.bag_bytes = 16 * 6 * 4 * 2;  // two of the small slides at once; the large one has 81 tiles
  tight.run();
  EXPECT_EQ(tight.status("d"), "failed");
  EXPECT_EQ(tight.first_reason("d"), "memory_limit: wanted room for the features of 81 tiles (1944 bytes), --memory-limit leaves 768 bytes beside "
                                     "the pixels: raise it");
  for (const char* id : {"a", "b", "c", "e", "f"}) {
    EXPECT_EQ(read_text(tight.parts.slide_folder(id) / "features.h5"), read_text(free.parts.slide_folder(id) / "features.h5")) << id;
  }
}

}  // namespace
}  // namespace microtome
