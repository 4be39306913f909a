// SPDX-License-Identifier: Apache-2.0
// What varies slowly over a synthetic slide (where tissue is, which way fibres run, where fat lies), kept on a coarse grid in microns.
#pragma once

#include <vector>

#include "tiling/specimen.h"
#include "tiling/specimen/shapes.h"

namespace microtome {

/// The state of the slide at one place. All positions are microns from the top left of the slide.
struct Place {
  float across = 0;  // microns across the fibres; fibres are lines of equal `across`
  float along = 0;   // microns along them
  float tissue = 0;  // 0..1, softened over some 20 microns
  float tumour = 0;  // 0..1, softened likewise
  float fat = 0;     // above 0: fat cells
  float loose = 0;   // 0 dense stroma .. 1 loose, oedematous stroma
  float crowd = 0;   // 0 few .. 1 many small round cells
  float glass = 0;   // -1..1, unevenness of the light
};

class SpecimenFields {
 public:
  SpecimenFields(const SpecimenSettings& settings, SpecimenShapes shapes);

  Place at(float x_um, float y_um) const;
  /// Unit vector along the fibres.
  void fibre_direction(float x_um, float y_um, float& dx, float& dy) const;
  /// Exact, by the rings.
  bool in_tissue(float x_um, float y_um) const;
  bool in_tumour(float x_um, float y_um) const;

  const SpecimenShapes& shapes() const { return shapes_; }
  const SpecimenSettings& settings() const { return settings_; }

 private:
  Place slow_state(float x_um, float y_um) const;
  void add_masks();

  SpecimenSettings settings_;
  SpecimenShapes shapes_;
  float pitch_um_ = 8;
  int columns_ = 0;
  int rows_ = 0;
  std::vector<Place> nodes_;
};

}  // namespace microtome
