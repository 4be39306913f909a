// SPDX-License-Identifier: Apache-2.0
#include "mil/evaluation/values.h"

namespace microtome {

Values minus(const Values& a, const Values& b) {
  Values out(a.size());
  for (std::size_t k = 0; k < a.size(); ++k)
    if (a[k] && b[k]) out[k] = *a[k] - *b[k];
  return out;
}

Values mean_of(const std::vector<Values>& sets) {
  Values out(sets.front().size());
  for (std::size_t k = 0; k < out.size(); ++k) {
    double sum = 0;
    int there = 0;
    for (const Values& set : sets)
      if (set[k]) sum += *set[k], ++there;
    if (there > 0) out[k] = sum / there;
  }
  return out;
}

std::vector<int> gathered(RowWeights weight, const std::vector<std::size_t>& rows) {
  std::vector<int> out;
  for (const std::size_t r : rows) out.push_back(weight.empty() ? 1 : weight[r]);
  return out;
}

}  // namespace microtome
