// SPDX-License-Identifier: Apache-2.0
// All tables of a card, encoded, with a learned stand-in for each that a slide lacks. Internal to mil/: torch types.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "mil/genomics/encoders/table_encoder.h"

namespace microtome {

/// One part a table; `present` says whether it is the slide's own or the stand-in.
struct EncodedTables {
  std::vector<at::Tensor> parts;
  std::vector<bool> present;
  at::Tensor auxiliary_loss;  // sum over tables; undefined: none

  bool any_present() const;
};

class TableSet {
 public:
  /// Throws ModelError as make_table_encoder does.
  explicit TableSet(const std::vector<Modality>& modalities);

  /// "tables.<m>.encoder..." and "tables.<m>.null" (d). Where the first table's encoder is `published`, its slots go by `name`, that of published
  /// checkpoints.
  void add_slots(Slots& slots, const std::string& published = "", const std::string& name = "");

  /// Tokens of each table, (T, d); a missing row is one token.
  EncodedTables tokens(const std::vector<at::Tensor>& rows, const Dropout& dropout) const;
  /// The same, as the mean of each table's tokens, (d).
  EncodedTables vectors(const std::vector<at::Tensor>& rows, const Dropout& dropout) const;

  /// d of each.
  std::vector<std::int64_t> widths() const;

 private:
  std::vector<Modality> modalities_;
  std::vector<std::unique_ptr<TableEncoder>> encoders_;
  std::vector<at::Tensor> nulls_;
};

}  // namespace microtome
