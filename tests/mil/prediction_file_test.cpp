// SPDX-License-Identifier: Apache-2.0
// A reader learns what prediction.h5 holds and which predictions it refuses.
#include "mil/prediction_file.h"

#include <gtest/gtest.h>

#include <cmath>

#include "mil/h5_file.h"
#include "mil/model_error.h"
#include "scratch_folder.h"

namespace microtome {
namespace {

Bag bag() {
  Bag bag;
  bag.slide_id = "s1";
  bag.coords = {0, 0, 256, 0, 512, 256};
  return bag;
}

Prediction prediction() {
  Prediction p;
  p.task = "label";
  p.classes = {"normal", "tumour \"x\""};
  p.heads = 2;
  p.attention = {.5F, .1F, .25F, .2F, .25F, .7F};
  p.contribution = {1, 2, 3, 4, 5, 6};
  p.aggregator = {"abmil-gated", "aa11"};
  p.encoder = {"resnet18", "bb22"};
  return p;
}

TEST(PredictionFile, HoldsAttentionAndContributionsPerTile) {
  const ScratchFolder folder;
  write_prediction_file(folder / "p.h5", bag(), prediction());
  const H5File file = H5File::open(folder / "p.h5");
  const H5Node root = file.root();
  EXPECT_EQ(root.text_attribute("slide_id"), "s1");
  EXPECT_EQ(root.text_attribute("task"), "label");
  EXPECT_EQ(root.text_attribute("classes"), R"(["normal","tumour \"x\""])");
  EXPECT_EQ(root.text_attribute("attention_kind"), "softmax");
  EXPECT_EQ(root.integer_attribute("shown_head"), 0);
  EXPECT_EQ(root.text_attribute("aggregator"), "abmil-gated");
  EXPECT_EQ(root.text_attribute("aggregator_sha256"), "aa11");
  EXPECT_EQ(root.text_attribute("encoder"), "resnet18");
  EXPECT_EQ(root.text_attribute("encoder_sha256"), "bb22");
  EXPECT_EQ(root.child("coords").integers(), bag().coords);
  EXPECT_EQ(root.child("attention").shape(), (std::vector<std::uint64_t>{3, 2}));
  EXPECT_EQ(root.child("attention").floats(), prediction().attention);
  EXPECT_EQ(root.child("contribution").floats(), prediction().contribution);
}

TEST(PredictionFile, TheSamePredictionGivesTheSameBytes) {
  const ScratchFolder folder;
  write_prediction_file(folder / "a.h5", bag(), prediction());
  write_prediction_file(folder / "b.h5", bag(), prediction());
  EXPECT_EQ(bytes_of(folder / "a.h5"), bytes_of(folder / "b.h5"));
}

TEST(PredictionFile, APredictionOfAnotherBagOrWithoutNumbersIsRefused) {
  const ScratchFolder folder;
  Prediction p = prediction();
  p.attention.pop_back();
  EXPECT_NE(sentence_of<BagError>([&] {
              write_prediction_file(folder / "p.h5", bag(), p);
            }).find("write /attention: it has 5 values, 3 tiles need 6: check the model"),
            std::string::npos);
  p = prediction();
  p.contribution[3] = std::nanf("");
  EXPECT_NE(sentence_of<BagError>([&] {
              write_prediction_file(folder / "p.h5", bag(), p);
            }).find("write /contribution: tile 1 has a value that is not finite"),
            std::string::npos);
  p = prediction();
  p.heads = 0;
  EXPECT_NE(sentence_of<BagError>([&] { write_prediction_file(folder / "p.h5", bag(), p); }).find("write /attention: there are 0 heads"),
            std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder / "p.h5"));
}

}  // namespace
}  // namespace microtome
