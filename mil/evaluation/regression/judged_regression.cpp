// SPDX-License-Identifier: Apache-2.0
#include "mil/evaluation/regression/judged_regression.h"

#include <algorithm>
#include <map>
#include <set>

namespace microtome {

int JudgedRegression::patients() const { return patient.empty() ? 0 : *std::max_element(patient.begin(), patient.end()) + 1; }

std::vector<int> JudgedRegression::fold_numbers() const {
  const std::set<int> numbers(fold.begin(), fold.end());
  return {numbers.begin(), numbers.end()};
}

std::vector<std::size_t> JudgedRegression::rows_of_fold(int number) const {
  std::vector<std::size_t> out;
  for (std::size_t r = 0; r < fold.size(); ++r)
    if (fold[r] == number) out.push_back(r);
  return out;
}

JudgedRegression JudgedRegression::select(const std::vector<std::size_t>& chosen) const {
  JudgedRegression out;
  std::map<int, int> renumbered;
  for (const std::size_t r : chosen) {
    out.target.push_back(target[r]);
    out.predicted.push_back(predicted[r]);
    out.patient.push_back(renumbered.emplace(patient[r], static_cast<int>(renumbered.size())).first->second);
    if (!fold.empty()) out.fold.push_back(fold[r]);
  }
  return out;
}

}  // namespace microtome
