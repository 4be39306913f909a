// SPDX-License-Identifier: Apache-2.0
// From dyes to colours: the stain of one slide, the light behind it, dust on it and the scanner's noise.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tiling/specimen/canvas.h"
#include "tiling/specimen/fields.h"
#include "tiling/specimen/marks.h"

namespace microtome {

/// Staining differs a little from slide to slide, in hue and in strength, as between laboratories.
class SpecimenStain {
 public:
  explicit SpecimenStain(std::uint64_t seed);
  /// Writes the canvas as rows of RGB bytes.
  void develop(const Canvas& canvas, const SpecimenFields& fields, const SpecimenMarks& marks, std::span<std::uint8_t> rgb) const;

 private:
  std::uint64_t seed_;
  float hematoxylin_[3];  // absorbance of one unit of dye in red, green and blue
  float eosin_[3];
  float glass_[3];  // the light without tissue
  std::vector<float> transmission_;
};

}  // namespace microtome
