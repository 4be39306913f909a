// SPDX-License-Identifier: Apache-2.0
// From tiles that matter to outlines. Work happens on the tile grid (columns and rows); level-0 numbers enter only when a ring is written.
#include "reporting/regions.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "reporting/heatmap.h"

namespace microtome {
namespace {

constexpr float kTopShare = 0.9F;  // percentile above which attention counts as high

struct Cell {
  std::int64_t column = 0, row = 0;
  friend auto operator<=>(const Cell&, const Cell&) = default;
};

// One axis of the tile grid. Edges come from tiles where there are any, so that outlines and tiles share their corners to the pixel.
class Axis {
 public:
  Axis(std::span<const std::int64_t> coords, std::size_t offset, double step) : step_(step) {
    for (std::size_t i = offset; i < coords.size(); i += 2) first_ = i == offset ? coords[i] : std::min(first_, coords[i]);
    for (std::size_t i = offset; i < coords.size(); i += 2) edges_[index(coords[i])] = coords[i];
  }

  std::int64_t index(std::int64_t coordinate) const { return std::llround(static_cast<double>(coordinate - first_) / step_); }

  std::int64_t edge(std::int64_t index) const {
    const auto below = std::prev(edges_.upper_bound(index));
    return std::llround(static_cast<double>(below->second) + static_cast<double>(index - below->first) * step_);
  }

 private:
  double step_ = 1;
  std::int64_t first_ = 0;
  std::map<std::int64_t, std::int64_t> edges_;
};

struct Grid {
  Axis columns, rows;
  explicit Grid(const RegionRequest& request)
      : columns(request.coords, 0, request.step_level0), rows(request.coords, 1, request.step_level0) {}
  Cell cell(const RegionRequest& request, std::size_t tile) const {
    return {columns.index(request.coords[2 * tile]), rows.index(request.coords[2 * tile + 1])};
  }
  Level0Point corner(const Cell& vertex) const { return {columns.edge(vertex.column), rows.edge(vertex.row)}; }
  double area(const Cell& cell) const {
    return static_cast<double>(columns.edge(cell.column + 1) - columns.edge(cell.column)) *
           static_cast<double>(rows.edge(cell.row + 1) - rows.edge(cell.row));
  }
};

using Component = std::map<Cell, std::size_t>;  // cell -> tile

std::vector<Cell> neighbours(const Cell& cell) {
  return {{cell.column + 1, cell.row}, {cell.column, cell.row + 1}, {cell.column - 1, cell.row}, {cell.column, cell.row - 1}};
}

std::vector<Component> components(Component cells) {
  std::vector<Component> found;
  while (!cells.empty()) {
    Component component;
    std::vector<Component::node_type> waiting;
    waiting.push_back(cells.extract(cells.begin()));
    while (!waiting.empty()) {
      auto node = std::move(waiting.back());
      waiting.pop_back();
      for (const Cell& next : neighbours(node.key()))
        if (auto taken = cells.extract(next)) waiting.push_back(std::move(taken));
      component.insert(std::move(node));
    }
    found.push_back(std::move(component));
  }
  return found;
}

// Directions in clockwise order as seen on the screen (y grows downwards): right, down, left, up.
constexpr Cell kStep[4] = {{1, 0}, {0, 1}, {-1, 0}, {0, -1}};

// An edge of the outline starts at a grid vertex and has the region on its right hand.
struct Edge {
  Cell from;
  int direction = 0;
  friend auto operator<=>(const Edge&, const Edge&) = default;
};

std::set<Edge> outline_edges(const Component& component) {
  std::set<Edge> edges;
  for (const auto& [cell, tile] : component) {
    const auto [column, row] = cell;
    if (!component.contains({column, row - 1})) edges.insert({{column, row}, 0});
    if (!component.contains({column + 1, row})) edges.insert({{column + 1, row}, 1});
    if (!component.contains({column, row + 1})) edges.insert({{column + 1, row + 1}, 2});
    if (!component.contains({column - 1, row})) edges.insert({{column, row + 1}, 3});
  }
  return edges;
}

// Where two tiles meet only at a corner, turning left (away from the tile just passed) keeps every ring simple: the hole that this corner
// closes becomes a ring of its own, which touches the outer one in that single point.
Edge next_edge(const std::set<Edge>& edges, const Edge& edge) {
  const Cell vertex{edge.from.column + kStep[edge.direction].column, edge.from.row + kStep[edge.direction].row};
  for (const int turn : {3, 0, 1}) {
    const Edge next{vertex, (edge.direction + turn) % 4};
    if (edges.contains(next)) return next;
  }
  return edge;
}

// One closed ring of corners; takes its edges out of the set.
std::vector<Cell> trace(std::set<Edge>& edges) {
  const Edge start = *edges.begin();
  std::vector<Edge> walked;
  std::vector<Cell> corners;
  Edge edge = start;
  do {
    walked.push_back(edge);
    const Edge next = next_edge(edges, edge);
    if (next.direction != edge.direction) corners.push_back(next.from);
    edge = next;
  } while (edge != start);
  for (const Edge& done : walked) edges.erase(done);
  corners.push_back(corners.front());
  return corners;
}

// The leftmost edge is the first of the set and belongs to the outer ring, which is therefore traced first.
std::vector<std::vector<Level0Point>> outline(const Component& component, const Grid& grid) {
  std::set<Edge> edges = outline_edges(component);
  std::vector<std::vector<Level0Point>> rings;
  while (!edges.empty()) {
    std::vector<Level0Point> ring;
    for (const Cell& vertex : trace(edges)) ring.push_back(grid.corner(vertex));
    rings.push_back(std::move(ring));
  }
  return rings;
}

Component hot_cells(const RegionRequest& request, const Prediction& prediction, const Grid& grid) {
  const std::size_t classes = prediction.classes.size();
  const std::size_t tiles = request.coords.size() / 2;
  const std::vector<float> ranks = percentile_ranks(shown_attention(prediction));
  Component hot;
  for (std::size_t i = 0; i < tiles; ++i) {
    const float contribution = prediction.contribution[i * classes + static_cast<std::size_t>(prediction.predicted)];
    if (ranks[i] > kTopShare && contribution > 0) hot[grid.cell(request, i)] = i;
  }
  return hot;
}

Region make_region(const Component& component, const RegionRequest& request, const Prediction& prediction, const Grid& grid) {
  Region region;
  double pixels = 0;
  for (const auto& [cell, tile] : component) {
    region.tiles.push_back(tile);
    pixels += grid.area(cell);
  }
  std::sort(region.tiles.begin(), region.tiles.end());
  const std::size_t classes = prediction.classes.size();
  for (const std::size_t tile : region.tiles)
    region.score += prediction.contribution[tile * classes + static_cast<std::size_t>(prediction.predicted)];
  region.area_mm2 = pixels * request.mpp * request.mpp / 1e6;
  region.rings = outline(component, grid);
  return region;
}

}  // namespace

std::vector<Region> find_regions(const RegionRequest& request, const Prediction& prediction, std::size_t most) {
  if (request.coords.empty()) return {};
  const Grid grid(request);
  std::vector<Region> regions;
  for (const Component& component : components(hot_cells(request, prediction, grid)))
    regions.push_back(make_region(component, request, prediction, grid));
  std::sort(regions.begin(), regions.end(),
            [](const Region& a, const Region& b) { return a.score != b.score ? a.score > b.score : a.tiles.front() < b.tiles.front(); });
  if (regions.size() > most) regions.resize(most);
  for (std::size_t i = 0; i < regions.size(); ++i) regions[i].name = "Region " + std::to_string(i + 1);
  return regions;
}

}  // namespace microtome
