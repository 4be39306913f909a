// SPDX-License-Identifier: Apache-2.0
// A small grid of settings to choose from. Internal to mil/; no torch.
#pragma once

#include <string>
#include <vector>

#include "mil/training/train.h"

namespace microtome {

struct GridPoint {
  std::string text;  // "learning_rate=0.0001 dropout=0.25"
  TrainSettings settings;
};

/// Every combination of what `settings.grid` lists ("learning_rate=1e-4,2e-4; dropout=0,0.25"), the last key turning fastest; the settings alone where it
/// is empty. Keys: learning_rate, weight_decay, l1, dropout, bag_dropout, mixup, embed_dim, attention_dim, bag_size, accumulate, top_k.
/// Throws ModelError naming the key or value that is not one, or that training refuses.
std::vector<GridPoint> grid_points(const TrainSettings& settings);

}  // namespace microtome
