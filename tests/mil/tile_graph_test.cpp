// SPDX-License-Identifier: Apache-2.0
// A reader learns: who is whose neighbour, against every distance counted by hand, and in what order equal ones come.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "mil/aggregators/tile_graph.h"

namespace microtome {
namespace {

using testing::ElementsAre;

/// Every pair, sorted by distance and then by place in the bag.
TileGraph counted(const std::vector<std::int64_t>& coords, std::size_t neighbours) {
  TileGraph graph;
  const std::size_t tiles = coords.size() / 2;
  for (std::size_t tile = 0; tile < tiles; ++tile) {
    std::vector<std::pair<std::int64_t, std::size_t>> others;
    for (std::size_t other = 0; other < tiles; ++other) {
      if (other == tile) continue;
      const std::int64_t dx = coords[2 * other] - coords[2 * tile], dy = coords[2 * other + 1] - coords[2 * tile + 1];
      others.emplace_back(dx * dx + dy * dy, other);
    }
    std::sort(others.begin(), others.end());
    for (std::size_t i = 0; i < std::min(neighbours, others.size()); ++i) {
      graph.from.push_back(static_cast<std::int64_t>(tile));
      graph.to.push_back(static_cast<std::int64_t>(others[i].second));
    }
  }
  return graph;
}

TEST(TileGraph, IsThatOfAllDistancesOnAGridWithHoles) {
  std::vector<std::int64_t> coords;
  for (std::int64_t i = 0; i < 500; ++i)
    if (i % 7 != 0) coords.insert(coords.end(), {i % 23 * 512, i / 23 * 512});
  coords.insert(coords.end(), {180000, 95000});  // far from all
  const TileGraph ours = nearest_neighbours(coords, 8), theirs = counted(coords, 8);
  EXPECT_EQ(ours.from, theirs.from);
  EXPECT_EQ(ours.to, theirs.to);
}

TEST(TileGraph, EquallyNearTilesComeInTheBagsOrder) {
  const TileGraph graph = nearest_neighbours(std::vector<std::int64_t>{10, 10, 20, 10, 10, 20, 0, 10, 10, 0}, 2);
  EXPECT_THAT(std::vector<std::int64_t>(graph.to.begin(), graph.to.begin() + 2), ElementsAre(1, 2)) << "four are 10 away from the first";
}

TEST(TileGraph, SmallBagsHaveFewerNeighbours) {
  EXPECT_TRUE(nearest_neighbours(std::vector<std::int64_t>{5, 5}, 8).from.empty());
  const TileGraph two = nearest_neighbours(std::vector<std::int64_t>{5, 5, 9, 9}, 8);
  EXPECT_THAT(two.from, ElementsAre(0, 1));
  EXPECT_THAT(two.to, ElementsAre(1, 0));
}

}  // namespace
}  // namespace microtome
