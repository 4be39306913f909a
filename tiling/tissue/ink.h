// SPDX-License-Identifier: Apache-2.0
// What lies on the glass and is no tissue: felt-tip pen and dark dust. A rule on colours, with its numbers; a pure function.
//
// Haematoxylin and eosin both absorb green more than red and blue, so H&E tissue has hues from 240 (blue) over purple and pink to about 15
// degrees (red). A pixel of the overview is ink or dust for certain when it is
//   green to blue   hue 70..225 and HSV saturation >= pen_saturation; from hue 225 to 255 the limit rises to pen_blue_saturation, because
//                   blue ink over eosin shifts to there, as does dense haematoxylin, which is never that saturated over a whole pixel
//   red             hue 345..15 and saturation >= pen_red_saturation: above eosin and blood
//   black, dark     HSV value <= dust_value, and the three optical densities -ln(v) spread by at most 0.3 of their mean: such a pixel
//                   absorbs all colours alike, which no dye of a stain does; below half of dust_value any colour will do (inks on each
//                   other)
// Weaker pixels of these kinds (green to blue from hue 70 to 235 and saturation 0.15, red from 0.6, grey up to a value 0.2 above the limit)
// count where they touch a certain one: strokes fade at their ends. A region with less than min_pen_mm2 of certain pixels is none.
// Not told apart: yellow, orange and brown ink (DAB and haemosiderin look the same), purple and pink ink (so does tissue).
#pragma once

#include "tiling/tissue.h"
#include "tiling/tissue/mask_shape.h"

namespace microtome {

/// 1 where ink or dust hides what is below, in the overview's frame; empty where there is none on the whole slide.
MaskPixels find_ink(const Overview& overview, const TissueSettings& settings);

}  // namespace microtome
