// SPDX-License-Identifier: Apache-2.0
#include "mil/evaluation/judged.h"

#include <algorithm>
#include <map>
#include <set>

namespace microtome {

int Judged::patients() const { return patient.empty() ? 0 : *std::max_element(patient.begin(), patient.end()) + 1; }

std::vector<double> Judged::column(int of_class) const {
  std::vector<double> out(rows());
  for (std::size_t r = 0; r < rows(); ++r) out[r] = probability_of(r, of_class);
  return out;
}

std::vector<char> Judged::is_class(int of_class) const {
  std::vector<char> out(rows());
  for (std::size_t r = 0; r < rows(); ++r) out[r] = label[r] == of_class;
  return out;
}

int Judged::argmax(std::size_t row) const {
  const auto first = probability.begin() + static_cast<std::ptrdiff_t>(row * classes.size());
  return static_cast<int>(std::max_element(first, first + static_cast<std::ptrdiff_t>(classes.size())) - first);
}

std::vector<int> Judged::patients_class() const {
  std::vector<std::vector<int>> rows_of(static_cast<std::size_t>(patients()), std::vector<int>(classes.size(), 0));
  for (std::size_t r = 0; r < rows(); ++r) ++rows_of[static_cast<std::size_t>(patient[r])][static_cast<std::size_t>(label[r])];
  std::vector<int> out;
  for (const auto& counts : rows_of) out.push_back(static_cast<int>(std::max_element(counts.begin(), counts.end()) - counts.begin()));
  return out;
}

std::vector<int> Judged::fold_numbers() const {
  const std::set<int> numbers(fold.begin(), fold.end());
  return {numbers.begin(), numbers.end()};
}

Judged Judged::select(const std::vector<std::size_t>& chosen) const {
  Judged out;
  out.classes = classes;
  out.positive = positive;
  std::map<int, int> renumbered;
  for (const std::size_t r : chosen) {
    out.label.push_back(label[r]);
    for (std::size_t c = 0; c < classes.size(); ++c) out.probability.push_back(probability[r * classes.size() + c]);
    if (!decision.empty()) out.decision.push_back(decision[r]);
    out.patient.push_back(renumbered.emplace(patient[r], static_cast<int>(renumbered.size())).first->second);
    if (!fold.empty()) out.fold.push_back(fold[r]);
  }
  return out;
}

std::vector<std::size_t> Judged::rows_of_fold(int number) const {
  std::vector<std::size_t> out;
  for (std::size_t r = 0; r < fold.size(); ++r)
    if (fold[r] == number) out.push_back(r);
  return out;
}

}  // namespace microtome
