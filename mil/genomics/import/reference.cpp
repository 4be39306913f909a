// SPDX-License-Identifier: Apache-2.0
#include "mil/genomics/import/reference.h"

#include <cmath>
#include <cstddef>
#include <limits>

namespace microtome {

void add_reference(GenomicTable& table) {
  if (table.units == "zscore" || !table.reference_mean.empty()) return;
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  const std::size_t genes = table.genes.size();
  std::vector<double> sum(genes, 0), squares(genes, 0), count(genes, 0);
  const auto each = [&](const auto& visit) {
    for (std::size_t at = 0; at < table.values.size(); at += genes)
      for (std::size_t g = 0; g < genes; ++g) visit(g, table.values[at + g]);
  };
  // without a branch, so that the compiler looks at several genes at once
  each([&](std::size_t g, float value) {
    const bool there = value == value;
    sum[g] += there ? value : 0.0F;
    count[g] += there ? 1.0 : 0.0;
  });
  for (std::size_t g = 0; g < genes; ++g) sum[g] = count[g] > 0 ? sum[g] / count[g] : none;
  each([&](std::size_t g, float value) {
    const double off = value == value ? value - sum[g] : 0.0;
    squares[g] += off * off;
  });
  for (std::size_t g = 0; g < genes; ++g) squares[g] = count[g] > 1 ? std::sqrt(squares[g] / (count[g] - 1)) : none;
  table.reference_mean = std::move(sum);
  table.reference_sd = std::move(squares);
}

}  // namespace microtome
