// SPDX-License-Identifier: Apache-2.0
// Everything a user can choose about tiles and tissue, with its default. All fields change results.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace microtome {

struct TilingSettings {
  int tile_px = 256;              // side of a tile as the network sees it, pixels at target_mpp
  double target_mpp = 0.5;        // microns per pixel of a tile; honoured exactly, in doubles
  int overlap_px = 0;             // shared by neighbouring tiles, pixels at target_mpp; 0 <= overlap < tile
  bool padding = false;           // keep tiles that overhang the slide's edge, filled with background
  bool allow_upsampling = false;  // accept a slide coarser than target_mpp by more than 1 %; said in its findings
  std::string codec_scaling =
      "exact";                   // reading at half, a quarter, an eighth in the codec: exact where nothing is lost by it (JPEG on the
                                 // grid), near also within 1 % of that and for JPEG 2000: faster, some 35 dB from the exact average
  double min_tissue = 0.25;      // least share of a tile's area inside the tissue mask, 0..1
  double max_unreadable = 0.01;  // share of planned tiles that may be unreadable before the slide fails, 0..1
};

struct TissueSettings {
  double overview_mpp = 8.0;     // microns per pixel of the overview on which tissue is found
  double min_saturation = 0.04;  // Otsu's threshold is not allowed below this (HSV saturation, 0..1)
  double max_saturation = 0.12;  // ... nor above this, or pale tissue beside dark tissue is lost
  double close_um = 40;          // gaps narrower than this are closed
  double min_speck_mm2 = 0.02;   // specks smaller than this are dropped
  double min_hole_mm2 = 0.02;    // holes smaller than this are filled
};

/// One sentence for each impossible value; empty when all is well.
std::vector<std::string> validate(const TilingSettings& settings);
std::vector<std::string> validate(const TissueSettings& settings);

}  // namespace microtome
