// SPDX-License-Identifier: Apache-2.0
// Solves the few-by-few systems of the survival tests. Small, and written here because what a caller needs to know of a system that cannot
// be solved is which row is to blame, measured as statistics does: by the share of a row's own variance that the rows before it leave over.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace microtome {

/// A = L L' of a symmetric matrix, row-major (n, n).
class Cholesky {
 public:
  Cholesky(std::vector<double> matrix, std::size_t n);
  /// The first row of which the rows before leave over less than 1e-10 of its diagonal; the others are of use only without one.
  std::optional<std::size_t> dependent_row() const { return dependent_; }
  std::vector<double> solve(std::vector<double> right) const;
  std::vector<double> inverse() const;

 private:
  std::vector<double> l_;
  std::size_t n_;
  std::optional<std::size_t> dependent_;
};

}  // namespace microtome
