// SPDX-License-Identifier: Apache-2.0
// What an evaluation of regression starts from: rows with a known number and the number that a model predicted for them.
#pragma once

#include <cstddef>
#include <vector>

namespace microtome {

/// N rows (slides, or patients); target and predicted in one unit.
struct JudgedRegression {
  std::vector<double> target;     // (N) known, finite
  std::vector<double> predicted;  // (N) finite
  std::vector<int> patient;       // (N) 0 .. patients()-1: whose row this is; rows of a patient are never drawn apart
  std::vector<int> fold;          // (N) the fold in which the row was held out, one a patient; empty: no folds

  std::size_t rows() const { return target.size(); }
  int patients() const;
  std::vector<int> fold_numbers() const;                    // sorted, each once
  std::vector<std::size_t> rows_of_fold(int number) const;  // ascending
  /// The given rows in their order; patients are numbered anew.
  JudgedRegression select(const std::vector<std::size_t>& rows) const;
};

}  // namespace microtome
