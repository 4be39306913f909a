// SPDX-License-Identifier: Apache-2.0
// From one vector a modality to a slide's logits. Internal to mil/: torch types. Parts x_1..x_P: the tiles first where there are tiles, then the tables.
//   concat     classifier [x_1..x_P]; after a perceptron where the publication has one (MCAT, PORPOISE, SurvPath)
//   gated      gated multimodal unit (Arevalo et al. 2017): h_p = tanh(W_p x_p), z_p = sigmoid(V_p [x_1..x_P]), classifier (sum_p z_p * h_p)
//   kronecker  gated bilinear (Chen et al. 2022, PORPOISE): the first part with each other one, the results concatenated, classifier
//   late       each part's own logits, their mean over the parts that are present, or over all where none is
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "mil/aggregators/layers.h"

namespace microtome {

/// Absent parts hold what was learned in their place.
struct Parts {
  std::vector<at::Tensor> vectors;
  std::vector<bool> present;

  void add(const at::Tensor& vector, bool is_present) {
    vectors.push_back(vector);
    present.push_back(is_present);
  }
};

/// Logits that are slope_c x_1 + rest_c.
struct LinearInFirst {
  at::Tensor slope;  // (C, width of x_1)
  at::Tensor rest;   // (C) double
};

class Fusion {
 public:
  virtual ~Fusion() = default;
  virtual void add_slots(Slots& slots) = 0;
  /// Logits (C).
  virtual at::Tensor operator()(const Parts& parts, const Dropout& dropout) const = 0;
  /// Without dropout, of the other parts as they are; undefined tensors where the logits are not linear in the first part.
  virtual LinearInFirst linear(const Parts& parts) const;
};

struct FusionShape {
  std::vector<std::int64_t> widths;      // of the parts
  std::int64_t outputs = 0;              // C
  std::vector<std::int64_t> perceptron;  // concat: widths of the layers before the classifier
  bool skip = true;                      // kronecker: the parts themselves go beside their product
  std::string classifier = "classifier";
};

/// The names that ModelCard::fusion may have, as one text for messages.
const char* fusion_names();

/// Throws ModelError: an unknown name, or kronecker of a single part.
std::unique_ptr<Fusion> make_fusion(const std::string& name, const FusionShape& shape);

}  // namespace microtome
