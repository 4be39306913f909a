// SPDX-License-Identifier: Apache-2.0
// Where tissue and tumour lie on a synthetic slide. These rings are both the truth that is told and the stencil that is drawn with.
#pragma once

#include <span>
#include <vector>

#include "tiling/geometry.h"
#include "tiling/specimen.h"

namespace microtome {

/// A closed simple polygon (first == last).
using Ring = std::vector<Level0Point>;

/// Tissue pieces do not touch each other; each tumour lies inside one piece.
struct SpecimenShapes {
  std::vector<Ring> tissue;
  std::vector<Ring> tumour;
};

SpecimenShapes plan_shapes(const SpecimenSettings& settings);

double ring_area(const Ring& ring);
bool ring_contains(const Ring& ring, double x_level0, double y_level0);
bool any_ring_contains(std::span<const Ring> rings, double x_level0, double y_level0);

/// A raster laid over the slide: cell (i, j) covers `step` level-0 pixels from (x0 + i step, y0 + j step).
struct RingGrid {
  double x0 = 0;
  double y0 = 0;
  double step = 1;
  int columns = 0;
  int rows = 0;
};

/// How much of each cell the rings cover, 0..1, taken along the line through the middle of the cell's row.
void cover_grid(std::span<const Ring> rings, const RingGrid& grid, std::vector<float>& coverage);

}  // namespace microtome
