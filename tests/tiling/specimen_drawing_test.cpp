// SPDX-License-Identifier: Apache-2.0
// Where tissue and tumour of a synthetic slide lie, and that what is drawn there does not depend on how it is cut into tiles.
#include <gtest/gtest.h>

#include <cmath>

#include "tiling/specimen/canvas.h"
#include "tiling/specimen/fields.h"
#include "tiling/specimen/glands.h"
#include "tiling/specimen/nuclei.h"
#include "tiling/specimen/shapes.h"
#include "tiling/specimen/texture.h"

namespace microtome {
namespace {

SpecimenSettings small(std::uint64_t seed, double tumour_share) {
  SpecimenSettings settings;
  settings.seed = seed;
  settings.width = 1100;
  settings.height = 800;
  settings.mpp = 1;
  settings.tumour_share = tumour_share;
  return settings;
}

double total_area(const std::vector<Ring>& rings) {
  double area = 0;
  for (const Ring& ring : rings) area += ring_area(ring);
  return area;
}

std::int64_t side_of(Level0Point a, Level0Point b, Level0Point p) {
  const std::int64_t cross = (b.x_level0 - a.x_level0) * (p.y_level0 - a.y_level0) - (b.y_level0 - a.y_level0) * (p.x_level0 - a.x_level0);
  return cross > 0 ? 1 : cross < 0 ? -1 : 0;
}

bool edges_cross(Level0Point a, Level0Point b, Level0Point c, Level0Point d) {
  return side_of(a, b, c) * side_of(a, b, d) < 0 && side_of(c, d, a) * side_of(c, d, b) < 0;
}

int crossings(const Ring& one, const Ring& other) {
  int count = 0;
  for (std::size_t i = 0; i + 1 < one.size(); ++i) {
    for (std::size_t j = 0; j + 1 < other.size(); ++j) count += edges_cross(one[i], one[i + 1], other[j], other[j + 1]);
  }
  return count;
}

TEST(SpecimenShapes, TumourHasTheWantedShareOfTheTissue) {
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    for (const double share : {0.05, 0.15, 0.3, 0.45, 0.6}) {
      SpecimenSettings settings = small(seed, share);
      settings.width = 4096;
      settings.height = 3072;
      const SpecimenShapes shapes = plan_shapes(settings);
      EXPECT_NEAR(total_area(shapes.tumour) / total_area(shapes.tissue), share, 0.2 * share) << "seed " << seed;
    }
  }
}

TEST(SpecimenShapes, RingsAreClosedAndSimpleAndTumourNeverLeavesTissue) {
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    const SpecimenShapes shapes = plan_shapes(small(seed, 0.5));
    ASSERT_FALSE(shapes.tumour.empty());
    for (const auto* rings : {&shapes.tissue, &shapes.tumour}) {
      for (const Ring& ring : *rings) {
        EXPECT_EQ(ring.front(), ring.back());
        EXPECT_EQ(crossings(ring, ring), 0) << "seed " << seed;
      }
    }
    for (const Ring& tumour : shapes.tumour) {
      for (const Level0Point& point : tumour) {
        EXPECT_TRUE(any_ring_contains(shapes.tissue, static_cast<double>(point.x_level0), static_cast<double>(point.y_level0)));
      }
      for (const Ring& tissue : shapes.tissue) EXPECT_EQ(crossings(tumour, tissue), 0) << "seed " << seed;
    }
  }
}

TEST(SpecimenShapes, TissueStaysOnTheSlideAndPiecesApart) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const SpecimenShapes shapes = plan_shapes(small(seed, 0));
    for (std::size_t i = 0; i < shapes.tissue.size(); ++i) {
      for (const Level0Point& point : shapes.tissue[i]) {
        EXPECT_TRUE(point.x_level0 > 0 && point.y_level0 > 0 && point.x_level0 < 1100 && point.y_level0 < 800) << "seed " << seed;
        for (std::size_t j = 0; j < shapes.tissue.size(); ++j) {
          EXPECT_FALSE(i != j && ring_contains(shapes.tissue[j], static_cast<double>(point.x_level0), static_cast<double>(point.y_level0)));
        }
      }
    }
  }
}

TEST(SpecimenShapes, CoverageOfAGridAddsUpToTheArea) {
  const std::vector<Ring> square = {{{10, 10}, {30, 10}, {30, 25}, {10, 25}, {10, 10}}};
  std::vector<float> coverage;
  cover_grid(square, {4.5, 0, 1, 64, 64}, coverage);
  double sum = 0;
  for (const float cell : coverage) sum += cell;
  EXPECT_NEAR(sum, 20 * 15, 1e-3);
  EXPECT_FLOAT_EQ(coverage[12 * 64 + 5], 0.5F);
  EXPECT_FLOAT_EQ(coverage[12 * 64 + 6], 1.0F);
  EXPECT_FLOAT_EQ(coverage[9 * 64 + 6], 0.0F);
}

// The dyes on a piece of the slide that starts at (x, y).
Canvas painted(const SpecimenFields& fields, int x, int y, int size) {
  const auto mpp = static_cast<float>(fields.settings().mpp);
  Canvas canvas(size, mpp);
  canvas.x0 = static_cast<float>(x) * mpp;
  canvas.y0 = static_cast<float>(y) * mpp;
  cover_grid(fields.shapes().tissue, {static_cast<double>(x), static_cast<double>(y), 1, size, size}, canvas.tissue);
  draw_ground(canvas, fields);
  const auto glands = glands_near(fields, canvas.x0, canvas.y0, static_cast<float>(size) * mpp);
  for (const Gland& gland : glands) draw_gland(canvas, gland);
  for (const Nucleus& nucleus : nuclei_near(canvas, fields, glands)) draw_nucleus(canvas, nucleus);
  return canvas;
}

TEST(SpecimenDrawing, NeighbouringTilesAgreeAboutWhatCrossesTheirBorder) {
  const SpecimenSettings settings = small(4, 0.4);
  const SpecimenFields fields(settings, plan_shapes(settings));
  const Canvas whole = painted(fields, 128, 128, 512);
  int different = 0;
  double dye = 0;
  for (int quarter = 0; quarter < 4; ++quarter) {
    const int left = quarter % 2 * 256;
    const int top = quarter / 2 * 256;
    const Canvas part = painted(fields, 128 + left, 128 + top, 256);
    for (int i = 0; i < 256 * 256; ++i) {
      const auto there = static_cast<std::size_t>((top + i / 256) * 512 + left + i % 256);
      different += std::abs(part.hematoxylin[i] - whole.hematoxylin[there]) > 0.01F || std::abs(part.eosin[i] - whole.eosin[there]) > 0.01F;
      dye += part.hematoxylin[i];
    }
  }
  EXPECT_EQ(different, 0);
  EXPECT_GT(dye, 10000);
}

TEST(SpecimenDrawing, TumourNucleiAreSeveralTimesDenserLargerAndDarker) {
  SpecimenSettings settings = small(2, 0.4);
  const SpecimenFields fields(settings, plan_shapes(settings));
  Canvas canvas(1100, 1);
  const auto nuclei = nuclei_near(canvas, fields, {});
  double count[2] = {};
  double width[2] = {};
  double dark[2] = {};
  for (const Nucleus& nucleus : nuclei) {
    const int kind = fields.in_tumour(nucleus.x, nucleus.y) ? 1 : 0;
    count[kind] += 1;
    width[kind] += nucleus.half_length + nucleus.half_width;
    dark[kind] += nucleus.dark;
  }
  const double tumour_area = total_area(fields.shapes().tumour);
  const double other_area = total_area(fields.shapes().tissue) - tumour_area;
  const double ratio = (count[1] / tumour_area) / (count[0] / other_area);
  EXPECT_GT(ratio, 2.8);
  EXPECT_LT(ratio, 5);
  EXPECT_GT(width[1] / count[1], 1.25 * width[0] / count[0]);
  EXPECT_GT(width[1] / count[1], 8);
  EXPECT_LT(width[1] / count[1], 13);
  EXPECT_GT(dark[1] / count[1], 1.1 * dark[0] / count[0]);
}

}  // namespace
}  // namespace microtome
