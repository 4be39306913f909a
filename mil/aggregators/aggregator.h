// SPDX-License-Identifier: Apache-2.0
// From the tiles of a bag to a slide's logits: the one interface of all aggregators. Internal to mil/: torch types.
// N tiles, D features, C logits (of the classes, or of a survival model), K attention heads. Every aggregator takes 1 to 200,000 tiles and computes on the calling thread.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "mil/aggregators/layers.h"
#include "mil/aggregators/slide_model.h"

namespace microtome {

/// A bag as a network sees it. Features are standardised here, chunk by chunk, so that no copy of a large bag is made.
struct BagInput {
  at::Tensor raw;          // (N, D) as they lie in the bag
  at::Tensor mean, scale;  // (D)
  at::Tensor coords;       // (N, 2) int64, level-0 top lefts
  std::vector<at::Tensor> tables;  // (F_m) scaled, one a modality of the card; undefined: no row
  bool tiles_hidden = false;       // what was learned for missing tiles stands in for them

  std::int64_t tiles() const { return raw.size(0); }
  at::Tensor features(std::int64_t first, std::int64_t count) const { return (raw.narrow(0, first, count) - mean).div_(scale); }
  at::Tensor features() const { return features(0, tiles()); }
};

/// Only the tiles that the mask (N, bool) keeps, as a bag of their own: padding cannot change a result, because no aggregator sees it.
BagInput without_padding(const BagInput& bag, const at::Tensor& mask);

/// What a training step makes its loss from: the loss of the logits, or, of an aggregator with a second stream, the mean of both streams'
/// losses; with an instance loss, 0.7 of that and 0.3 of this; the auxiliary loss is added.
struct TrainingPass {
  at::Tensor logits;         // (C)
  at::Tensor other_logits;   // (C), undefined: one stream
  at::Tensor instance_loss;  // scalar, undefined: none
  at::Tensor auxiliary_loss = {};  // scalar, added to the rest: what the encoders of tables learn beside; undefined: none
};

/// What inference gives. logits_c = sum_i contribution_ic + offset_c, exactly up to rounding.
struct Weighed {
  at::Tensor logits;        // (C) double
  at::Tensor attention;     // (N, K) double, each head sums to 1
  at::Tensor contribution;  // (N, C) double
  at::Tensor offset;        // (C) double
};

/// What tiles and tables say apart, before they are joined. Undefined: this aggregator does not keep them apart.
struct BeforeFusion {
  at::Tensor slide;   // (width of the pooled tiles)
  at::Tensor tables;  // (sum of the tables' widths), in the card's order
};

class Aggregator {
 public:
  virtual ~Aggregator() = default;

  /// Names, places and shapes of the tensors, the same ones in the same order at each call.
  virtual std::vector<Slot> slots() = 0;

  /// With gradient to the tensors. `label`: of the bag, for instance losses.
  virtual TrainingPass train(const BagInput& bag, int label, const Dropout& dropout) const = 0;

  /// Without gradient to the tensors. Thread-safe, deterministic.
  virtual Weighed weigh(const BagInput& bag) const = 0;

  /// The logits (C, double) of weigh() alone, under the caller's NoGradGuard. Where tiles' shares are gradients it costs one pass forward instead of one
  /// forward and one back a class.
  virtual at::Tensor logits(const BagInput& bag) const { return weigh(bag).logits; }

  /// With gradient to the tensors; of those for which aligns_tables().
  virtual BeforeFusion before_fusion(const BagInput&, const Dropout&) const { return {}; }
};

/// The names that a card's `aggregator` may have, as one text for messages.
const char* aggregator_names();
bool is_aggregator(const std::string& name);
/// Whether it takes tables beside the tiles.
bool takes_tables(const std::string& name);
/// Whether it is nothing without a table.
bool needs_tables(const std::string& name);
/// Whether it keeps tiles and tables apart until they are joined, so that they can be aligned before.
bool aligns_tables(const std::string& name);
/// Whether all encoders of tables must be embed_dim wide.
bool joins_tokens(const std::string& name);
/// Width of the attention where a user does not say: that of the publications.
std::int64_t usual_attention_dim(const std::string& name);

/// Of the card's name and sizes; tensors are undefined until they are drawn or read. Throws ModelError for sizes that it cannot have.
std::unique_ptr<Aggregator> make_aggregator(const ModelCard& card);

}  // namespace microtome
