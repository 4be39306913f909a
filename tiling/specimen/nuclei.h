// SPDX-License-Identifier: Apache-2.0
// Cell nuclei: where they lie and how they look. No list of them is kept: each is a function of its lattice point, so that any tile can
// be drawn alone and neighbouring tiles agree.
#pragma once

#include <cstdint>
#include <vector>

#include "tiling/specimen/canvas.h"
#include "tiling/specimen/fields.h"
#include "tiling/specimen/glands.h"

namespace microtome {

struct Nucleus {
  float x = 0;  // microns
  float y = 0;
  float half_length = 3;  // microns
  float half_width = 3;
  float dx = 1;  // unit vector along its length
  float dy = 0;
  float dark = 1;       // amount of hematoxylin
  float ragged = 0;     // 0 an ellipse, 0.3 a misshapen one
  float coarse = 0.2F;  // contrast of the chromatin
  float nucleolus = 0;  // radius in microns; 0 none seen
  std::uint32_t seed = 0;
};

/// All nuclei that may reach into the canvas: of stroma, of tumour and of the given glands.
std::vector<Nucleus> nuclei_near(const Canvas& canvas, const SpecimenFields& fields, const std::vector<Gland>& glands);

void draw_nucleus(Canvas& canvas, const Nucleus& nucleus);

}  // namespace microtome
