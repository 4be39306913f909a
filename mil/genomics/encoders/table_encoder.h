// SPDX-License-Identifier: Apache-2.0
// From a scaled row of a table to tokens that a network can join with tiles. Internal to mil/: torch types. F features, T tokens, d their width.
//   linear    ReLU(Lin)                                                           T = 1
//   snn       twice Lin, ELU, alpha dropout (Klambauer et al. 2017; MCAT's)       T = 1
//   mlp       twice Lin, ReLU, dropout                                            T = 1
//   vae       the mean of a variational code (Kingma & Welling 2014)              T = 1
//   conv1d    convolutions along features that lie in genome order                T = 1
//   groups    an snn a group of features (MCAT, SurvPath)                         T = groups
//   pathways  the same with a weight a membership and one second layer for all    T = groups
#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <string>

#include "mil/aggregators/layers.h"
#include "mil/aggregators/slide_model.h"

namespace microtome {

struct EncodedTable {
  at::Tensor tokens;          // (T, d)
  at::Tensor auxiliary_loss;  // scalar; undefined: the encoder has none
};

class TableEncoder {
 public:
  virtual ~TableEncoder() = default;

  /// Under `name`, the same ones in the same order at each call.
  virtual void add_slots(Slots& slots, const std::string& name) = 0;

  /// row (F), scaled: 0 is the training mean. Without gradient thread-safe. Linear in F, of groups and pathways in the memberships. A dropout with a
  /// generator marks a training step: only then a variational code is drawn rather than its mean.
  virtual EncodedTable operator()(const at::Tensor& row, const Dropout& dropout) const = 0;
};

/// The names that Modality::encoder may have, as one text for messages.
const char* table_encoder_names();

/// Whether it reads Modality::groups.
bool reads_groups(const std::string& table_encoder);

/// Throws ModelError naming the table: an unknown encoder, groups missing or empty.
std::unique_ptr<TableEncoder> make_table_encoder(const Modality& modality);

}  // namespace microtome
