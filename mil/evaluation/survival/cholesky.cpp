// SPDX-License-Identifier: Apache-2.0
#include "mil/evaluation/survival/cholesky.h"

#include <cmath>

namespace microtome {

Cholesky::Cholesky(std::vector<double> matrix, std::size_t n) : l_(std::move(matrix)), n_(n) {
  constexpr double kLeast = 1e-10;
  for (std::size_t i = 0; i < n_; ++i) {
    const double own = l_[i * n_ + i];
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = l_[i * n_ + j];
      for (std::size_t k = 0; k < j; ++k) sum -= l_[i * n_ + k] * l_[j * n_ + k];
      if (j < i) {
        l_[i * n_ + j] = sum / l_[j * n_ + j];
      } else if (own > 0 && sum > kLeast * own) {
        l_[i * n_ + i] = std::sqrt(sum);
      } else {
        dependent_ = i;
        return;
      }
    }
  }
}

std::vector<double> Cholesky::solve(std::vector<double> right) const {
  for (std::size_t i = 0; i < n_; ++i) {
    for (std::size_t k = 0; k < i; ++k) right[i] -= l_[i * n_ + k] * right[k];
    right[i] /= l_[i * n_ + i];
  }
  for (std::size_t i = n_; i-- > 0;) {
    for (std::size_t k = i + 1; k < n_; ++k) right[i] -= l_[k * n_ + i] * right[k];
    right[i] /= l_[i * n_ + i];
  }
  return right;
}

std::vector<double> Cholesky::inverse() const {
  std::vector<double> out(n_ * n_);
  for (std::size_t j = 0; j < n_; ++j) {
    std::vector<double> unit(n_, 0);
    unit[j] = 1;
    const std::vector<double> column = solve(std::move(unit));
    for (std::size_t i = 0; i < n_; ++i) out[i * n_ + j] = column[i];
  }
  return out;
}

}  // namespace microtome
