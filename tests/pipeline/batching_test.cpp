// SPDX-License-Identifier: Apache-2.0
// What a reader learns: how tiles of several slides share batches, when a partial batch goes, and how rows find their way back.
#include "pipeline/batching.h"

#include <gtest/gtest.h>

#include <numeric>

namespace microtome {
namespace {

Ref<SlideJob> slide(std::size_t tiles, bool last = false) {
  auto job = std::make_shared<SlideJob>();
  job->state.assign(tiles, TileState::pending);
  job->order.resize(tiles);
  std::iota(job->order.begin(), job->order.end(), 0u);
  job->rows = {std::vector<float>(tiles * 2, -1)};
  job->planned = tiles;
  job->focus.assign(tiles, 0);
  job->pending = tiles;
  job->last = last;
  return job;
}

std::vector<std::size_t> sizes(const std::vector<Ref<BatchJob>>& batches) {
  std::vector<std::size_t> out;
  for (const auto& batch : batches) out.push_back(batch->tiles.size());
  return out;
}

TEST(Packer, BatchesAreFullAndSpanSlides) {
  Packer packer({4, 8});
  EXPECT_EQ(sizes(packer.add(slide(3))), (std::vector<std::size_t>{}));
  EXPECT_EQ(sizes(packer.add(slide(6))), (std::vector<std::size_t>{4, 4}));
  EXPECT_EQ(sizes(packer.add(slide(2, true))), (std::vector<std::size_t>{3}));
}

TEST(Packer, PartialBatchGoesWhenItSpansAllAdmittedSlides) {
  Packer packer({100, 3});
  EXPECT_TRUE(packer.add(slide(1)).empty());
  EXPECT_TRUE(packer.add(slide(1)).empty());
  EXPECT_EQ(sizes(packer.add(slide(1))), (std::vector<std::size_t>{3}));
  EXPECT_TRUE(packer.add(slide(1)).empty());
}

TEST(Packer, LastSlideFlushesEvenWithoutTiles) {
  Packer packer({100, 8});
  EXPECT_TRUE(packer.add(slide(5)).empty());
  EXPECT_EQ(sizes(packer.add(slide(0, true))), (std::vector<std::size_t>{5}));
}

TEST(Packer, TilesFinishedBeforeAreNotPackedAgain) {
  Packer packer({4, 8});
  auto job = slide(4, true);
  job->state[0] = job->state[2] = TileState::encoded;
  const auto batches = packer.add(job);
  ASSERT_EQ(sizes(batches), (std::vector<std::size_t>{2}));
  EXPECT_EQ(batches[0]->tiles[0].tile, 1u);
  EXPECT_EQ(batches[0]->tiles[1].tile, 3u);
}

TEST(Gather, PutsRowsAtTheirTilesInWhateverOrderBatchesReturn) {
  Packer packer({2, 8});
  const auto job = slide(3, true);
  auto batches = packer.add(job);
  ASSERT_EQ(batches.size(), 2u);
  for (auto& batch : batches) {
    batch->readable.assign(batch->tiles.size(), 1);
    batch->focus.assign(batch->tiles.size(), 0);
    batch->slots = 2;
    batch->rows = {{}};
    for (const auto& tile : batch->tiles) batch->rows[0].insert(batch->rows[0].end(), {static_cast<float>(tile.tile), 10.0f + tile.tile});
    batch->rows[0].resize(4);
  }
  EXPECT_TRUE(gather_rows(*batches[1]).empty());
  const auto whole = gather_rows(*batches[0]);
  ASSERT_EQ(whole.size(), 1u);
  EXPECT_EQ(whole[0], job);
  EXPECT_EQ(job->rows[0], (std::vector<float>{0, 10, 1, 11, 2, 12}));
}

TEST(Gather, AbandonedBatchLeavesItsTilesPending) {
  Packer packer({2, 8});
  const auto job = slide(2, true);
  auto batches = packer.add(job);
  batches[0]->abandoned = true;
  EXPECT_TRUE(gather_rows(*batches[0]).empty());
  EXPECT_EQ(job->pending, 2u);
}

TEST(Packer, ASlideWhoseBagDoesNotFitBesideTheOthersBeginsABatchOfItsOwn) {
  Packer packer({8, 8, 4, 20});  // bags of five rows together
  EXPECT_TRUE(packer.add(slide(3)).empty());
  EXPECT_EQ(sizes(packer.add(slide(3))), (std::vector<std::size_t>{3}));
  EXPECT_EQ(sizes(packer.add(slide(2, true))), (std::vector<std::size_t>{5}));
}

TEST(BagRoom, HoldsBatchesUntilBagsAreLetGo) {
  Packer packer({2, 1});
  const auto first = slide(4), second = slide(2);
  const auto of_first = packer.add(first), of_second = packer.add(second);
  BagRoom room(1, 5);
  EXPECT_EQ(room.let_through(of_first[0]).size(), 1u);
  EXPECT_EQ(room.let_through(of_second[0]).size(), 0u) << "six rows do not fit";
  EXPECT_EQ(room.let_through(nullptr).size(), 0u);
  first->published = true;
  EXPECT_EQ(room.let_through(nullptr), of_second);
}

TEST(BagRoom, NoBatchWaitsForASlideThatItHasTilesOf) {
  Packer packer({4, 8});
  const auto first = slide(3), second = slide(3, true);
  packer.add(first);
  const auto batches = packer.add(second);  // the first batch has tiles of both
  BagRoom room(1, 5);
  EXPECT_EQ(room.let_through(batches[0]).size(), 1u);
  EXPECT_EQ(room.let_through(batches[1]).size(), 1u) << "its bag is begun already";
}

TEST(BagRoom, WithoutACeilingNothingWaits) {
  Packer packer({2, 1});
  BagRoom room(1000, 0);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(room.let_through(packer.add(slide(2))[0]).size(), 1u);
}

}  // namespace
}  // namespace microtome
