// SPDX-License-Identifier: Apache-2.0
#include "mil/explain/ablation.h"

#include "mil/aggregators/survival_head.h"

namespace microtome {

double risk_without(const MilNetwork& network, const Bag& bag, std::vector<TableRow> tables, std::size_t missing) {
  const at::NoGradGuard no_gradient;
  if (missing > 0) tables.at(missing - 1) = {};
  BagInput input = network.input(bag, tables);
  input.tiles_hidden = missing == 0;
  return risk_of(*network.card().survival, network.train(input, 0, Dropout{}).logits.to(at::kDouble)).item<double>();
}

}  // namespace microtome
