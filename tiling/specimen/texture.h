// SPDX-License-Identifier: Apache-2.0
// The ground of a synthetic section: wavy fibres, fat, and the cell bodies of a tumour.
#pragma once

#include "tiling/specimen/canvas.h"
#include "tiling/specimen/fields.h"

namespace microtome {

/// Lays down the ground of the canvas. Nothing must have been drawn before; canvas.tissue must be set.
void draw_ground(Canvas& canvas, const SpecimenFields& fields);

/// 0 inside a nest of tumour cells, 1 in the strand of stroma between nests.
float tumour_strand(const SpecimenFields& fields, float x_um, float y_um);

/// True inside a fat cell, its membrane excluded.
bool in_fat_cell(const SpecimenFields& fields, float x_um, float y_um);

}  // namespace microtome
