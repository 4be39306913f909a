// SPDX-License-Identifier: Apache-2.0
// The plain result of a tile classifier (WSInfer's models): what reporting/ may see of it. No slide-level model is involved, so these
// numbers mean the same on every slide.
#pragma once

#include <string>
#include <vector>

namespace microtome {

/// Class probabilities of the N tiles of one bag, in the bag's order.
struct TileClasses {
  std::string model;                 // name of the classifier
  std::string sha256;                // of its weights; "" unknown
  bool random_weights = false;       // a rehearsal: the numbers mean nothing, and every document says so
  std::vector<std::string> classes;  // C, in the order of the model's card
  std::vector<float> probabilities;  // (N, C) row-major; softmax over more than one logit (a row sums to 1), sigmoid for one
};

}  // namespace microtome
