// SPDX-License-Identifier: Apache-2.0
// What a genomic table must satisfy in either direction. Throws H5Fault.
#pragma once

#include <span>

#include "mil/genomics/table.h"

namespace microtome {

/// No row id and no gene name twice. Row ids are not repeated in the message: they may be patients.
void require_unique(const GenomicTable& table);

/// The finite values that a table of these units can have; missing ones are possible always.
class PossibleRange {
 public:
  explicit PossibleRange(const std::string& units);
  bool holds(std::span<const float> values) const;

 private:
  float least_;
  float most_;
};

/// Values (rows, genes) are finite or missing, and such as the table's units can have: counts, tpm, fpkm and their logarithms, betas, copy
/// numbers. rows: their positions in the table, for the message; empty: from 0 on.
void require_possible(const GenomicTable& table, std::span<const float> values, std::span<const std::size_t> rows);

}  // namespace microtome
