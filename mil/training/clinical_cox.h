// SPDX-License-Identifier: Apache-2.0
// Cox's regression of a table's columns, a row a patient: the first rung of the ladder. Internal to mil/; no torch.
#pragma once

#include <cstddef>
#include <vector>

#include "mil/ladder/cox_card.h"
#include "mil/training/train.h"

namespace microtome {

inline constexpr double kClinicalRidge = 0.1;  // words of one column add up to 1: without a penalty there would be no fit

/// Of table `m` with so many columns; each patient counts once, with the row of the first slide that has one. What is missing is the mean. Efron's ties.
/// Where there is no fit the result says why.
CoxCoefficients fit_clinical_cox(const std::vector<const TrainingSlide*>& slides, std::size_t m, std::size_t columns);

}  // namespace microtome
