// SPDX-License-Identifier: Apache-2.0
// What lies on the cover glass of a synthetic slide and hides what is below: strokes of a felt-tip pen and coarse dust.
#pragma once

#include <array>
#include <vector>

#include "tiling/specimen.h"
#include "tiling/specimen/canvas.h"
#include "tiling/specimen/shapes.h"

namespace microtome {

using Absorbance = std::array<float, 3>;  // of red, green and blue light

/// A gently bent ribbon with round ends, in microns. Corners of its middle line, from end to end.
struct PenStroke {
  std::vector<std::array<float, 2>> line;
  float half_width = 0;
  Absorbance ink{};
  std::uint32_t seed = 0;  // of its streaks
};

struct CoarseSpeck {
  float x = 0, y = 0;
  float half_length = 0, half_width = 0, angle = 0;
  Absorbance dirt{};
  std::uint32_t seed = 0;  // of its outline
};

class SpecimenMarks {
 public:
  explicit SpecimenMarks(const SpecimenSettings& settings);
  /// What the marks absorb on each pixel of the canvas; empty where there are none.
  std::vector<Absorbance> draw(const Canvas& canvas) const;
  /// The outlines: the truth about pen and coarse dust. Those of specks are ellipses, true to a tenth of a millimetre.
  std::vector<Ring> stroke_rings() const;
  std::vector<Ring> speck_rings() const;

 private:
  double mpp_;
  std::vector<PenStroke> strokes_;
  std::vector<CoarseSpeck> specks_;
};

}  // namespace microtome
