// SPDX-License-Identifier: Apache-2.0
// From a tile's bytes to what a network sees, as a model card says: resize, crop, scale to 0..1, normalise. Plain data; no torch here.
#pragma once

#include <array>
#include <string>

namespace microtome {

/// Resampling of PIL and of torchvision's Resize with antialias: the kernel is widened by the scale when pixels become fewer.
enum class Interpolation { bilinear, bicubic };

/// In this order. ImageNet's statistics are those of torchvision's and timm's ResNets.
struct Preprocessing {
  int resize_px = 0;  // side after Resize; 0: none. Tiles are square, so torchvision's "shorter side" is both sides
  Interpolation interpolation = Interpolation::bilinear;
  bool resize_after_scaling = false;  // Resize stands behind ToTensor: it works on floats, nothing is rounded to whole grey levels
  int crop_px = 0;                    // side of CenterCrop after Resize; 0: none. Offset as torchvision's: (side - crop) / 2, halves to even
  std::array<double, 3> mean{0.485, 0.456, 0.406};
  std::array<double, 3> std{0.229, 0.224, 0.225};

  /// Whether Resize changes tiles of tile_px.
  bool resizes(int tile_px) const { return resize_px != 0 && resize_px != tile_px; }

  /// Side of what the network sees for tiles of tile_px.
  int input_px(int tile_px) const { return crop_px != 0 ? crop_px : resize_px != 0 ? resize_px : tile_px; }
};

/// One line that changes whenever results can: "resize 224 bicubic, crop 224, mean 0.5 0.5 0.5, std 0.5 0.5 0.5". Part of a run's recipe.
std::string preprocessing_text(const Preprocessing& preprocessing);

}  // namespace microtome
