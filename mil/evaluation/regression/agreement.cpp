// SPDX-License-Identifier: Apache-2.0
#include "mil/evaluation/regression/agreement.h"

#include <cmath>

namespace microtome {

std::optional<LimitsOfAgreement> limits_of_agreement(const JudgedRegression& judged) {
  if (judged.rows() < 3) return std::nullopt;
  const auto n = static_cast<double>(judged.rows());
  LimitsOfAgreement out;
  for (std::size_t r = 0; r < judged.rows(); ++r) out.bias += (judged.predicted[r] - judged.target[r]) / n;
  double squares = 0;
  for (std::size_t r = 0; r < judged.rows(); ++r) squares += std::pow(judged.predicted[r] - judged.target[r] - out.bias, 2);
  out.sd = std::sqrt(squares / (n - 1));
  out.low = out.bias - 1.96 * out.sd;
  out.high = out.bias + 1.96 * out.sd;
  return out;
}

}  // namespace microtome
