// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <nanoflann.hpp>
#include <utility>

#include "mil/aggregators/tile_graph.h"

namespace microtome {
namespace {

/// Points as the library wants to see them. Squared distances of level-0 pixels are whole numbers below 2^53, so doubles compare exactly.
struct Points {
  std::span<const std::int64_t> coords;
  std::size_t kdtree_get_point_count() const { return coords.size() / 2; }
  double kdtree_get_pt(std::size_t i, std::size_t dimension) const { return static_cast<double>(coords[2 * i + dimension]); }
  template <class Box>
  bool kdtree_get_bbox(Box&) const {
    return false;
  }
};

using Tree = nanoflann::KDTreeSingleIndexAdaptor<nanoflann::L2_Simple_Adaptor<double, Points, double, std::uint32_t>, Points, 2, std::uint32_t>;

}  // namespace

TileGraph nearest_neighbours(std::span<const std::int64_t> coords, std::int64_t neighbours) {
  TileGraph graph;
  const Points points{coords};
  const std::size_t tiles = points.kdtree_get_point_count();
  const auto wanted = static_cast<std::size_t>(std::min<std::int64_t>(neighbours, static_cast<std::int64_t>(tiles) - 1));
  if (tiles < 2) return graph;
  const Tree tree(2, points, nanoflann::KDTreeSingleIndexAdaptorParams(16));
  std::vector<std::uint32_t> indices(wanted + 1);
  std::vector<double> distances(wanted + 1);
  std::vector<std::pair<std::uint32_t, double>> near;
  for (std::size_t tile = 0; tile < tiles; ++tile) {
    const double at[2] = {points.kdtree_get_pt(tile, 0), points.kdtree_get_pt(tile, 1)};
    tree.knnSearch(at, wanted + 1, indices.data(), distances.data());
    // on a grid many are equally far: all of them, to choose by order and not by how the tree was cut
    near.clear();
    tree.radiusSearch(at, distances.back() + 0.5, near, nanoflann::SearchParams(0, 0.0F, false));
    std::erase_if(near, [&](const auto& each) { return each.first == tile; });
    std::sort(near.begin(), near.end(), [](const auto& a, const auto& b) { return std::pair(a.second, a.first) < std::pair(b.second, b.first); });
    for (std::size_t i = 0; i < wanted; ++i) {
      graph.from.push_back(static_cast<std::int64_t>(tile));
      graph.to.push_back(near[i].first);
    }
  }
  return graph;
}

}  // namespace microtome
