// SPDX-License-Identifier: Apache-2.0
// The transform of a WSInfer card: a list of torchvision's transforms. Internal to mil/.
#pragma once

#include "mil/encoders/card_object.h"
#include "mil/encoders/preprocessing.h"

namespace microtome {

/// The key "transform" of a config.json whose tiles have tile_px: Resize, CenterCrop, Normalize in this order, each at most once, and
/// ToTensor before Normalize. Steps, arguments and orders that we would compute otherwise than torchvision are refused. Throws ModelError.
Preprocessing read_transform(const CardObject& config, int tile_px);

}  // namespace microtome
