// SPDX-License-Identifier: Apache-2.0
// A reader learns what features.h5 keeps, what it refuses, and that the same bag gives the same bytes. What h5py sees in it is checked by
// features_oracle.py.
#include "mil/bag_file.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <cmath>
#include <limits>
#include <thread>

#include "mil/h5_file.h"
#include "mil/model_error.h"
#include "scratch_folder.h"

// Read by the leak checker of a sanitized build: the library forgets a block of its own when the disk is full.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libhdf5\n"; }

namespace microtome {
namespace {

BagFacts facts() { return {"recipe0", "identity0", "resnet18", "sha0", true, 256, 16, 1, 517.25, 0.2475, 0.5, 40000, 30000, Level0Rect{64, 32, 39904.5, 29904.25}}; }

Bag bag_of(std::int64_t tiles, std::int64_t dim) {
  Bag bag;
  bag.slide_id = "slide ä";
  bag.feature_dim = dim;
  for (std::int64_t i = 0; i < tiles * dim; ++i) bag.features.push_back(static_cast<float>(i % 2003) / 8.0F - 100.0F);
  for (std::int64_t i = 0; i < tiles; ++i) {
    bag.coords.insert(bag.coords.end(), {i * 517, 30000 - i});
    bag.tissue_fraction.push_back(static_cast<float>(i) / 1000.0F);
    bag.focus.push_back(static_cast<float>(i) * 0.5F);
  }
  bag.unreadable = {1, 2, 3, 4};
  return bag;
}

void expect_equal(const Bag& a, const Bag& b) {
  EXPECT_EQ(a.slide_id, b.slide_id);
  EXPECT_EQ(a.feature_dim, b.feature_dim);
  EXPECT_EQ(a.features, b.features);
  EXPECT_EQ(a.coords, b.coords);
  EXPECT_EQ(a.tissue_fraction, b.tissue_fraction);
  EXPECT_EQ(a.focus, b.focus);
  EXPECT_EQ(a.unreadable, b.unreadable);
}

std::string refusal_of_writing(const Bag& bag, const BagFacts& facts, FeatureType type) {
  const ScratchFolder folder;
  const std::string sentence = sentence_of<BagError>([&] { write_bag_file(folder / "f.h5", bag, facts, type); });
  EXPECT_FALSE(std::filesystem::exists(folder / "f.h5")) << "a bag that is refused leaves no file";
  return sentence.substr(sentence.find("f.h5: ") + 6);
}

TEST(BagFile, Float32FeaturesAndEveryFactComeBackExactly) {
  const ScratchFolder folder;
  const Bag bag = bag_of(300, 7);
  write_bag_file(folder / "f.h5", bag, facts(), FeatureType::float32);
  const BagFile back = read_bag_file(folder / "f.h5");
  expect_equal(back.bag, bag);
  const BagFacts f = back.facts;
  EXPECT_EQ(std::tie(f.recipe, f.slide_identity, f.encoder, f.encoder_sha256), std::make_tuple("recipe0", "identity0", "resnet18", "sha0"));
  EXPECT_EQ(std::tie(f.random_weights, f.tile_px, f.overlap_px, f.level), std::make_tuple(true, 256, 16, 1));
  EXPECT_EQ(std::tie(f.side_level0, f.mpp, f.target_mpp), std::make_tuple(517.25, 0.2475, 0.5));
  EXPECT_EQ(std::tie(f.level0_width, f.level0_height), std::make_tuple(40000, 30000));
  ASSERT_TRUE(f.overview);
  EXPECT_EQ(std::tie(f.overview->x_level0, f.overview->y_level0), std::make_tuple(64.0, 32.0));
  EXPECT_EQ(std::tie(f.overview->width_level0, f.overview->height_level0), std::make_tuple(39904.5, 29904.25));
}

TEST(BagFile, OfBeforeItsThumbnailWasNotedSaysSo) {
  const ScratchFolder folder;
  BagFacts older = facts();
  older.overview.reset();
  write_bag_file(folder / "f.h5", bag_of(2, 3), older, FeatureType::float32);
  EXPECT_FALSE(read_bag_file(folder / "f.h5").facts.overview);
}

TEST(BagFile, Float16FeaturesComeBackRoundedToTheNearestHalf) {
  const ScratchFolder folder;
  Bag bag = bag_of(1, 3);
  bag.features = {1.0F + 0x1p-11F, 65519.0F, -0x1p-24F};
  write_bag_file(folder / "f.h5", bag, facts(), FeatureType::float16);
  EXPECT_EQ(read_bag_file(folder / "f.h5").bag.features, (std::vector<float>{1.0F, 65504.0F, -0x1p-24F}));
}

TEST(BagFile, ABagOfNoTilesIsAFileWithEmptyDataSets) {
  const ScratchFolder folder;
  Bag bag = bag_of(0, 512);
  bag.unreadable.clear();
  write_bag_file(folder / "f.h5", bag, facts(), FeatureType::float16);
  expect_equal(read_bag_file(folder / "f.h5").bag, bag);
}

TEST(BagFile, TheHeadSaysWhatStandsBesideTheRows) {
  const ScratchFolder folder;
  write_bag_file(folder / "f.h5", bag_of(300, 7), facts(), FeatureType::float16);
  const BagHead head = read_bag_head(folder / "f.h5");
  EXPECT_EQ(std::tie(head.slide_id, head.tiles, head.feature_dim), std::make_tuple("slide ä", 300, 7));
  EXPECT_EQ(std::tie(head.facts.encoder_sha256, head.facts.tile_px, head.facts.target_mpp), std::make_tuple("sha0", 256, 0.5));
  EXPECT_EQ(sentence_of<BagError>([&] { read_bag_head(folder / "none.h5"); }).find("there is no such file") != std::string::npos, true);
}

TEST(BagFile, ABagWithoutMeasurementsComesBackWithoutThem) {
  const ScratchFolder folder;
  Bag bag = bag_of(3, 2);
  bag.tissue_fraction.clear();
  bag.focus.clear();
  write_bag_file(folder / "f.h5", bag, facts(), FeatureType::float32);
  expect_equal(read_bag_file(folder / "f.h5").bag, bag);
}

TEST(BagFile, TheSameBagGivesTheSameBytesWhateverMemoryHeldBefore) {
  const ScratchFolder folder;
  const Bag bag = bag_of(300, 7);
  for (const FeatureType type : {FeatureType::float16, FeatureType::float32}) {
    write_bag_file(folder / "a.h5", bag, facts(), type);
    mallopt(M_PERTURB, 0x5a);
    write_bag_file(folder / "b.h5", bag, facts(), type);
    mallopt(M_PERTURB, 0);
    EXPECT_EQ(bytes_of(folder / "a.h5"), bytes_of(folder / "b.h5"));
  }
}

TEST(BagFile, SeveralThreadsWriteAndReadAtOnce) {
  const ScratchFolder folder;
  const Bag bag = bag_of(50, 4);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const auto path = folder / ("f" + std::to_string(t) + ".h5");
      write_bag_file(path, bag, facts(), FeatureType::float32);
      expect_equal(read_bag_file(path).bag, bag);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(BagFile, TheObjectiveIsTheOneTridentReadsOffTheSameMpp) {
  const ScratchFolder folder;
  const std::vector<std::pair<double, std::int64_t>> known{{.15, 80}, {.16, 60}, {.2, 40}, {.25, 40}, {.3, 20}, {.5, 20},
                                                           {.6, 10},  {1.0, 10}, {1.2, 5}, {2.0, 5},  {2.4, 2}, {4.0, 2}};
  for (const auto& [mpp, magnification] : known) {
    BagFacts f = facts();
    f.mpp = mpp;
    write_bag_file(folder / "f.h5", bag_of(1, 1), f, FeatureType::float32);
    const H5File file = H5File::open(folder / "f.h5");
    EXPECT_EQ(file.root().child("coords").integer_attribute("level0_magnification"), magnification) << mpp;
  }
}

TEST(BagFile, ValuesBeyondFloat16NameTheirTile) {
  Bag bag = bag_of(3, 2);
  bag.features[3] = -65520.0F;
  EXPECT_EQ(refusal_of_writing(bag, facts(), FeatureType::float16),
            "write the features of tile 1: one is -65520.000000, beyond the range of float16: write float32 features");
  const ScratchFolder folder;
  EXPECT_NO_THROW(write_bag_file(folder / "f.h5", bag, facts(), FeatureType::float32));
}

TEST(BagFile, NotANumberAndInfinityAreRefusedInEitherType) {
  Bag bag = bag_of(3, 2);
  bag.features[5] = std::nanf("");
  EXPECT_EQ(refusal_of_writing(bag, facts(), FeatureType::float32),
            "write the features of tile 2: one is nan: check the encoder and its precision");
  bag.features[5] = std::numeric_limits<float>::infinity();
  EXPECT_EQ(refusal_of_writing(bag, facts(), FeatureType::float16),
            "write the features of tile 2: one is inf: check the encoder and its precision");
}

TEST(BagFile, RowsThatDoNotBelongTogetherAreRefused) {
  Bag bag = bag_of(3, 2);
  bag.features.pop_back();
  EXPECT_EQ(refusal_of_writing(bag, facts(), FeatureType::float32),
            "match features with the tiles: it has 5 values, 6 are needed: check the folder and the space on its disk");
  bag = bag_of(3, 2);
  bag.focus.pop_back();
  EXPECT_NE(refusal_of_writing(bag, facts(), FeatureType::float32).find("match focus with the tiles: it has 2 values, 3 are needed"),
            std::string::npos);
  bag = bag_of(3, 2);
  bag.unreadable.pop_back();
  EXPECT_NE(refusal_of_writing(bag, facts(), FeatureType::float32).find("a coordinate lacks its other half"), std::string::npos);
  bag = bag_of(0, 0);
  EXPECT_NE(refusal_of_writing(bag, facts(), FeatureType::float32).find("feature_dim is 0"), std::string::npos);
}

TEST(BagFile, FactsWithoutASizeOrScaleAreRefused) {
  BagFacts unknown = facts();
  unknown.target_mpp = 0;
  EXPECT_EQ(refusal_of_writing(bag_of(1, 1), unknown, FeatureType::float32),
            "describe the tiles: target_mpp is 0.000000, not a positive number: state it when the tiles are planned");
}

TEST(BagFile, AFolderThatIsNotThereAndAFullDiskAreSentences) {
  const ScratchFolder folder;
  const Bag bag = bag_of(300, 7);
  const std::string nowhere = sentence_of<BagError>([&] { write_bag_file(folder / "no" / "f.h5", bag, facts(), FeatureType::float32); });
  EXPECT_NE(nowhere.find("f.h5: create an HDF5 file: "), std::string::npos) << nowhere;
  EXPECT_NE(nowhere.find("No such file or directory"), std::string::npos) << nowhere;
  const std::string full = sentence_of<BagError>([&] { write_bag_file("/dev/full", bag, facts(), FeatureType::float32); });
  EXPECT_EQ(full.rfind("/dev/full: ", 0), 0U) << full;
  EXPECT_NE(full.find("No space left on device"), std::string::npos) << full;
}

TEST(BagFile, WhatIsNotAWholeHdf5FileIsASentence) {
  const ScratchFolder folder;
  EXPECT_EQ(sentence_of<BagError>([&] { read_bag_file(folder / "none.h5"); }),
            (folder / "none.h5").string() + ": open as HDF5: there is no such file: check the path");
  EXPECT_NE(sentence_of<BagError>([&] { read_bag_file(folder / "."); }).find("open as HDF5: it is a folder: name a file"),
            std::string::npos);
  write_bytes(folder / "text.h5", "not hdf5");
  EXPECT_EQ(sentence_of<BagError>([&] { read_bag_file(folder / "text.h5"); }),
            (folder / "text.h5").string() + ": open as HDF5: file signature not found: delete it and run again");
}

TEST(BagFile, EveryTruncationIsRefused) {
  const ScratchFolder folder;
  write_bag_file(folder / "f.h5", bag_of(3, 2), facts(), FeatureType::float16);
  const std::string whole = bytes_of(folder / "f.h5");
  for (std::size_t length = 0; length < whole.size(); length += 101) {
    write_bytes(folder / "cut.h5", whole.substr(0, length));
    EXPECT_THROW(read_bag_file(folder / "cut.h5"), BagError) << length;
  }
}

TEST(BagFile, FilesOfOtherProgramsAndVersionsAreNamedAsSuch) {
  const ScratchFolder folder;
  {
    H5File file = H5File::create(folder / "other.h5");
    file.finish();
  }
  EXPECT_NE(sentence_of<BagError>([&] {
              read_bag_file(folder / "other.h5");
            }).find("read a bag: it has no format_version, so this program did not write it: encode the slide with this program"),
            std::string::npos);
  {
    H5File file = H5File::create(folder / "new.h5");
    file.root().set_attribute("format_version", std::int64_t{2});
    file.finish();
  }
  EXPECT_NE(sentence_of<BagError>([&] { read_bag_file(folder / "new.h5"); }).find("its format_version is 2, this program reads 1"),
            std::string::npos);
}

// Writes only what read_rows needs, with shapes of choice.
std::string refusal_of_rows(const std::vector<std::uint64_t>& features, const std::vector<std::uint64_t>& coords, float value = 1) {
  const ScratchFolder folder;
  const auto count = [](const std::vector<std::uint64_t>& shape) {
    std::uint64_t n = 1;
    for (const auto side : shape) n *= side;
    return n;
  };
  {
    H5File file = H5File::create(folder / "f.h5");
    const H5Node root = file.root();
    root.set_attribute("format_version", std::int64_t{1});
    root.set_attribute("slide_id", std::string("s"));
    const std::vector<float> f(count(features), value);
    const std::vector<std::int64_t> c(count(coords));
    root.write("features", std::span<const float>(f), features);
    root.write("coords", std::span<const std::int64_t>(c), coords);
    file.finish();
  }
  const std::string sentence = sentence_of<BagError>([&] { read_bag_file(folder / "f.h5"); });
  return sentence.substr(sentence.find("f.h5: ") + 6);
}

TEST(BagFile, ShapesThatAreNotTilesByFeaturesAreRefused) {
  EXPECT_EQ(refusal_of_rows({1, 3, 2}, {3, 2}), "read /features: its shape is 1 x 3 x 2, not N x D: delete it and run again");
  EXPECT_EQ(refusal_of_rows({3, 2}, {3, 3}), "read /coords: its shape is 3 x 3, not N x 2: delete it and run again");
  EXPECT_EQ(refusal_of_rows({3, 2}, {4, 2}), "match /features with the tiles: it has 3 values, 4 are needed: delete it and run again");
  EXPECT_EQ(refusal_of_rows({3, 2}, {3, 2}, std::nanf("")),
            "read /features: tile 0 holds a value that is not finite: delete it and run again");
  EXPECT_EQ(refusal_of_rows({3, 2}, {3, 2}), "read the attribute recipe of /: it is not in the file: delete it and run again");
}

PartialBag partial() { return {"recipe0", 2, {0, 4, 9}, {1, 2, 3, 4, 5, 6}, {7, 8, 9}, {5}}; }

TEST(PartialBagFile, FinishedRowsComeBackExactlyAndTheSameBytesEachTime) {
  const ScratchFolder folder;
  PartialBag rows = partial();
  rows.features[0] = 0.1F;
  write_partial_bag(folder / "p.h5", rows);
  write_partial_bag(folder / "q.h5", rows);
  EXPECT_EQ(bytes_of(folder / "p.h5"), bytes_of(folder / "q.h5"));
  const PartialBag back = read_partial_bag(folder / "p.h5");
  EXPECT_EQ(back.recipe, rows.recipe);
  EXPECT_EQ(back.feature_dim, 2);
  EXPECT_EQ(back.tile_index, rows.tile_index);
  EXPECT_EQ(back.features, rows.features);
  EXPECT_EQ(back.focus, rows.focus);
  EXPECT_EQ(back.unreadable, rows.unreadable);
}

TEST(PartialBagFile, NoFinishedRowsIsAFileToo) {
  const ScratchFolder folder;
  write_partial_bag(folder / "p.h5", {"r", 0, {}, {}, {}, {}});
  EXPECT_TRUE(read_partial_bag(folder / "p.h5").tile_index.empty());
}

TEST(PartialBagFile, DisorderedOrIncompleteRowsAreRefused) {
  const ScratchFolder folder;
  PartialBag rows = partial();
  rows.tile_index = {0, 9, 9};
  EXPECT_NE(sentence_of<BagError>([&] { write_partial_bag(folder / "p.h5", rows); }).find("tile_index is not strictly increasing from 0"),
            std::string::npos);
  rows = partial();
  rows.focus.pop_back();
  EXPECT_NE(sentence_of<BagError>([&] { write_partial_bag(folder / "p.h5", rows); }).find("match focus with the tiles"), std::string::npos);
  write_bag_file(folder / "whole.h5", bag_of(1, 1), facts(), FeatureType::float32);
  EXPECT_NE(sentence_of<BagError>([&] {
              read_partial_bag(folder / "whole.h5");
            }).find("the attribute partial_version of /: it is not in the file"),
            std::string::npos);
}

}  // namespace
}  // namespace microtome
