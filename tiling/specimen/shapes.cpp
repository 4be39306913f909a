// SPDX-License-Identifier: Apache-2.0
// Every outline is star-shaped: a radius for each direction from a centre. That makes a ring simple by construction, and a tumour that
// is cut off where the ray from its centre would leave the tissue stays simple and inside.
#include "tiling/specimen/shapes.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tiling/specimen/noise.h"

namespace microtome {
namespace {

struct Centre {
  double x = 0;
  double y = 0;
};

struct Piece {
  Centre centre;
  double half_width = 0;
  double half_height = 0;
  Ring ring;
};

// Enough corners to look smooth at full resolution, few enough that integer corners keep their order around the centre.
int corner_count(double radius_px, double mpp) {
  const double spacing_px = std::max(8.0 / mpp, 6.0);
  return std::clamp(static_cast<int>(2 * std::numbers::pi * radius_px / spacing_px), 48, 3000);
}

double angle_of(int corner, int corners) { return 2 * std::numbers::pi * corner / corners; }

// Relative bumps of an outline: large lobes first, then finer ones down to a slightly ragged edge.
double outline_bumps(std::uint32_t seed, double angle) {
  constexpr double kOctaves[][2] = {{1.1, 0.26}, {2.6, 0.12}, {7, 0.035}, {25, 0.012}, {70, 0.005}};
  double bumps = 0;
  for (const auto& [frequency, height] : kOctaves) {
    const auto x = static_cast<float>(std::cos(angle) * frequency + 17);
    const auto y = static_cast<float>(std::sin(angle) * frequency + 31);
    bumps += height * smooth_noise(seed, x, y);
  }
  return std::clamp(bumps, -0.35, 0.2);
}

Ring ring_from_radii(Centre centre, const std::vector<double>& radii) {
  Ring ring;
  const int corners = static_cast<int>(radii.size());
  for (int i = 0; i < corners; ++i) {
    const double angle = angle_of(i, corners);
    const Level0Point point{std::llround(centre.x + radii[i] * std::cos(angle)), std::llround(centre.y + radii[i] * std::sin(angle))};
    if (ring.empty() || !(point == ring.back())) ring.push_back(point);
  }
  if (!(ring.back() == ring.front())) ring.push_back(ring.front());
  return ring;
}

void outline_piece(Piece& piece, std::uint32_t seed, double mpp) {
  std::vector<double> radii(corner_count(std::max(piece.half_width, piece.half_height), mpp));
  for (int i = 0; i < static_cast<int>(radii.size()); ++i) {
    const double angle = angle_of(i, static_cast<int>(radii.size()));
    const double ellipse = 1 / std::hypot(std::cos(angle) / piece.half_width, std::sin(angle) / piece.half_height);
    radii[i] = ellipse * (1 + outline_bumps(seed, angle));
  }
  piece.ring = ring_from_radii(piece.centre, radii);
}

// One to three pieces side by side along the longer side. The bumps add at most a fifth, so a piece stays within its share of the slide.
std::vector<Piece> plan_pieces(const SpecimenSettings& settings) {
  SpecimenRandom random(chance_seed(settings.seed, Chance::kTissue));
  const int count = 1 + random.below(3);
  const bool wide = settings.width >= settings.height;
  const double cell_width = wide ? static_cast<double>(settings.width) / count : settings.width;
  const double cell_height = wide ? settings.height : static_cast<double>(settings.height) / count;
  std::vector<Piece> pieces(count);
  for (int i = 0; i < count; ++i) {
    Piece& piece = pieces[i];
    piece.half_width = cell_width * random.uniform(0.33F, 0.38F);
    piece.half_height = cell_height * random.uniform(0.32F, 0.38F);
    piece.centre.x = cell_width * ((wide ? i : 0) + 0.5 + random.uniform(-0.02F, 0.02F));
    piece.centre.y = cell_height * ((wide ? 0 : i) + 0.5 + random.uniform(-0.02F, 0.02F));
    outline_piece(piece, random.bits(), settings.mpp);
  }
  return pieces;
}

// Distance from `from` in direction (dx, dy) to the edge a-b; infinity if the ray misses it.
double ray_to_edge(Centre from, double dx, double dy, Level0Point a, Level0Point b) {
  const double ax = a.x_level0 - from.x;
  const double ay = a.y_level0 - from.y;
  const double ex = static_cast<double>(b.x_level0 - a.x_level0);
  const double ey = static_cast<double>(b.y_level0 - a.y_level0);
  const double cross = dx * ey - dy * ex;
  if (cross == 0) return INFINITY;
  const double distance = (ax * ey - ay * ex) / cross;
  const double along = (ax * dy - ay * dx) / cross;
  return distance >= 0 && along >= 0 && along <= 1 ? distance : INFINITY;
}

double ray_to_ring(Centre from, double angle, const Ring& ring) {
  double nearest = INFINITY;
  for (std::size_t i = 0; i + 1 < ring.size(); ++i) {
    nearest = std::min(nearest, ray_to_edge(from, std::cos(angle), std::sin(angle), ring[i], ring[i + 1]));
  }
  return nearest;
}

// How far a tumour may reach in each direction. The least of neighbouring directions, so that a straight edge between two corners
// cannot cut across a dent of the tissue.
std::vector<double> free_radii(Centre centre, const Ring& tissue, int corners) {
  std::vector<double> reach(corners);
  for (int i = 0; i < corners; ++i) reach[i] = 0.985 * ray_to_ring(centre, angle_of(i, corners), tissue) - 2;
  std::vector<double> safe(corners);
  for (int i = 0; i < corners; ++i) {
    safe[i] = reach[i];
    for (int d = -2; d <= 2; ++d) safe[i] = std::min(safe[i], reach[(i + d + corners) % corners]);
    safe[i] = std::max(safe[i], 1.0);
  }
  return safe;
}

// Off the middle of its piece, less so the more of the piece it is to fill.
Centre tumour_centre(const Piece& piece, double share, SpecimenRandom& random) {
  const double offset = 0.45 * std::max(0.0, 1 - 1.2 * share) * random.uniform(0.6F, 1.0F);
  const double angle = random.uniform(0, 2 * std::numbers::pi_v<float>);
  return {piece.centre.x + offset * piece.half_width * std::cos(angle), piece.centre.y + offset * piece.half_height * std::sin(angle)};
}

// Grows a bumpy blob until it has the wanted area (or fills all it may).
Ring grow_tumour(const Piece& piece, double wanted_area, double mpp, SpecimenRandom& random) {
  const Centre centre = tumour_centre(piece, wanted_area / ring_area(piece.ring), random);
  const int corners = corner_count(std::sqrt(wanted_area / std::numbers::pi), mpp);
  const std::vector<double> reach = free_radii(centre, piece.ring, corners);
  const std::uint32_t bumps = random.bits();
  const auto grown_to = [&](double size) {
    std::vector<double> radii(corners);
    for (int i = 0; i < corners; ++i) radii[i] = std::min(reach[i], size * (1 + outline_bumps(bumps, angle_of(i, corners))));
    return ring_from_radii(centre, radii);
  };
  double low = 0;
  double high = 3 * std::max(piece.half_width, piece.half_height);
  for (int step = 0; step < 30; ++step) {
    const double middle = (low + high) / 2;
    (ring_area(grown_to(middle)) < wanted_area ? low : high) = middle;
  }
  return grown_to(high);
}

// Pieces are filled one after the other, each up to its own limit; no limit is below the wanted share, so that together they reach it.
std::vector<Ring> plan_tumours(const std::vector<Piece>& pieces, const SpecimenSettings& settings) {
  SpecimenRandom random(chance_seed(settings.seed, Chance::kTumour));
  double wanted = 0;
  for (const Piece& piece : pieces) wanted += settings.tumour_share * ring_area(piece.ring);
  const double negligible = 0.02 * wanted;
  std::vector<Ring> tumours;
  const auto first = static_cast<std::size_t>(random.below(static_cast<int>(pieces.size())));
  for (std::size_t i = 0; i < pieces.size() && wanted > negligible; ++i) {
    const Piece& piece = pieces[(first + i) % pieces.size()];
    const double limit = std::max(settings.tumour_share, static_cast<double>(random.uniform(0.3F, 0.75F)));
    tumours.push_back(grow_tumour(piece, std::min(wanted, limit * ring_area(piece.ring)), settings.mpp, random));
    wanted -= ring_area(tumours.back());
  }
  return tumours;
}

void add_crossings(const Ring& ring, const RingGrid& grid, std::vector<std::vector<float>>& rows) {
  for (std::size_t i = 0; i + 1 < ring.size(); ++i) {
    const auto& a = ring[i].y_level0 < ring[i + 1].y_level0 ? ring[i] : ring[i + 1];
    const auto& b = ring[i].y_level0 < ring[i + 1].y_level0 ? ring[i + 1] : ring[i];
    const int first = std::max(0, static_cast<int>(std::ceil((a.y_level0 - grid.y0) / grid.step - 0.5)));
    const int last = std::min(grid.rows - 1, static_cast<int>(std::ceil((b.y_level0 - grid.y0) / grid.step - 0.5)) - 1);
    for (int row = first; row <= last; ++row) {
      const double y = grid.y0 + (row + 0.5) * grid.step;
      const double t = (y - a.y_level0) / static_cast<double>(b.y_level0 - a.y_level0);
      rows[row].push_back(static_cast<float>((a.x_level0 + t * (b.x_level0 - a.x_level0) - grid.x0) / grid.step));
    }
  }
}

void fill_span(float from, float to, std::span<float> row) {
  from = std::clamp(from, 0.0F, static_cast<float>(row.size()));
  to = std::clamp(to, 0.0F, static_cast<float>(row.size()));
  for (auto i = static_cast<std::size_t>(from); i < row.size() && static_cast<float>(i) < to; ++i) {
    row[i] += std::min(to, static_cast<float>(i + 1)) - std::max(from, static_cast<float>(i));
  }
}

}  // namespace

SpecimenShapes plan_shapes(const SpecimenSettings& settings) {
  const std::vector<Piece> pieces = plan_pieces(settings);
  SpecimenShapes shapes;
  for (const Piece& piece : pieces) shapes.tissue.push_back(piece.ring);
  if (settings.tumour_share > 0) shapes.tumour = plan_tumours(pieces, settings);
  return shapes;
}

double ring_area(const Ring& ring) {
  double twice = 0;
  for (std::size_t i = 0; i + 1 < ring.size(); ++i) {
    twice += static_cast<double>(ring[i].x_level0 * ring[i + 1].y_level0 - ring[i + 1].x_level0 * ring[i].y_level0);
  }
  return std::abs(twice) / 2;
}

bool ring_contains(const Ring& ring, double x_level0, double y_level0) {
  bool inside = false;
  for (std::size_t i = 0; i + 1 < ring.size(); ++i) {
    const auto& a = ring[i];
    const auto& b = ring[i + 1];
    if ((a.y_level0 > y_level0) == (b.y_level0 > y_level0)) continue;
    const double t = (y_level0 - a.y_level0) / static_cast<double>(b.y_level0 - a.y_level0);
    if (x_level0 < a.x_level0 + t * (b.x_level0 - a.x_level0)) inside = !inside;
  }
  return inside;
}

bool any_ring_contains(std::span<const Ring> rings, double x_level0, double y_level0) {
  return std::any_of(rings.begin(), rings.end(), [&](const Ring& ring) { return ring_contains(ring, x_level0, y_level0); });
}

void cover_grid(std::span<const Ring> rings, const RingGrid& grid, std::vector<float>& coverage) {
  coverage.assign(static_cast<std::size_t>(grid.columns) * grid.rows, 0.0F);
  std::vector<std::vector<float>> crossings(grid.rows);
  for (const Ring& ring : rings) add_crossings(ring, grid, crossings);
  for (int row = 0; row < grid.rows; ++row) {
    std::vector<float>& xs = crossings[row];
    std::sort(xs.begin(), xs.end());
    const std::span<float> cells(coverage.data() + static_cast<std::size_t>(row) * grid.columns, static_cast<std::size_t>(grid.columns));
    for (std::size_t i = 0; i + 1 < xs.size(); i += 2) fill_span(xs[i], xs[i + 1], cells);
  }
}

}  // namespace microtome
