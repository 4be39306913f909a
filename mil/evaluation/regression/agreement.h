// SPDX-License-Identifier: Apache-2.0
// How far predicted and known numbers lie apart, row by row (Bland and Altman 1986).
#pragma once

#include <optional>

#include "mil/evaluation/regression/judged_regression.h"

namespace microtome {

/// Of predicted minus known: `low` and `high` are bias -+ 1.96 sd, between which 95 % of the differences lie where these are normal. Rows
/// of one patient count as rows.
struct LimitsOfAgreement {
  double bias = 0, sd = 0, low = 0, high = 0;  // sd with n - 1
};

/// Nothing with fewer than 3 rows.
std::optional<LimitsOfAgreement> limits_of_agreement(const JudgedRegression& judged);

}  // namespace microtome
