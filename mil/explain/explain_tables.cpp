// SPDX-License-Identifier: Apache-2.0
#include "mil/explain/explain_tables.h"

#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <bit>
#include <boost/math/quadrature/gauss.hpp>
#include <cmath>

#include "mil/aggregators/survival_head.h"

namespace microtome {
namespace {

constexpr unsigned kPoints = 30;

/// The explained number, with gradient to the tables where they have one.
at::Tensor answer_of(const MilNetwork& network, const BagInput& input, int predicted) {
  const at::Tensor logits = network.train(input, 0, Dropout{}).logits.to(at::kDouble);
  if (const auto& survival = network.card().survival) return risk_of(*survival, logits);
  if (const auto& value = network.card().value) return value->mean + value->scale * logits[0];
  if (network.card().multi_label) return logits[predicted];
  const at::Tensor others = at::cat({logits.narrow(0, 0, predicted), logits.narrow(0, predicted + 1, logits.size(0) - predicted - 1)});
  return logits[predicted] - at::logsumexp(others, 0);
}

/// Players are the tiles (0) and the tables (1 + m) that are there.
BagInput coalition(const BagInput& input, const std::vector<std::size_t>& players, std::uint32_t members) {
  BagInput out = input;
  out.tiles_hidden = true;
  for (at::Tensor& table : out.tables) table = at::Tensor();
  for (std::size_t p = 0; p < players.size(); ++p) {
    if ((members >> p & 1U) == 0) continue;
    if (players[p] == 0)
      out.tiles_hidden = false;
    else
      out.tables[players[p] - 1] = input.tables[players[p] - 1];
  }
  return out;
}

std::vector<std::size_t> players_of(const BagInput& input) {
  std::vector<std::size_t> players{0};
  for (std::size_t m = 0; m < input.tables.size(); ++m)
    if (input.tables[m].defined()) players.push_back(m + 1);
  return players;
}

/// |S|! (P - |S| - 1)! / P!
double weight(std::size_t players, int others) {
  return std::exp(std::lgamma(others + 1.0) + std::lgamma(static_cast<double>(players) - others) - std::lgamma(static_cast<double>(players) + 1));
}

std::vector<std::optional<double>> shapley(const MilNetwork& network, const BagInput& input, int predicted) {
  const at::NoGradGuard no_gradient;
  const auto players = players_of(input);
  const std::uint32_t all = 1U << players.size();
  std::vector<double> value(all);
  for (std::uint32_t members = 0; members < all; ++members) value[members] = answer_of(network, coalition(input, players, members), predicted).item<double>();
  std::vector<std::optional<double>> shares(input.tables.size() + 1);
  for (std::size_t p = 0; p < players.size(); ++p) {
    double share = 0;
    for (std::uint32_t members = 0; members < all; ++members)
      if ((members >> p & 1U) == 0) share += weight(players.size(), std::popcount(members)) * (value[members | 1U << p] - value[members]);
    shares[players[p]] = share;
  }
  return shares;
}

BagInput on_path(const BagInput& input, double share) {
  BagInput out = input;
  for (at::Tensor& table : out.tables)
    if (table.defined()) table = (table.detach() * share).requires_grad_(true);  // scaled rows: the training mean is zero
  return out;
}

/// Gauss and Legendre's points and weights on 0..1.
std::vector<std::pair<double, double>> points() {
  using Rule = boost::math::quadrature::gauss<double, kPoints>;
  std::vector<std::pair<double, double>> out;
  for (std::size_t i = 0; i < Rule::abscissa().size(); ++i)
    for (const double side : {-1.0, 1.0}) out.emplace_back((1 + side * Rule::abscissa()[i]) / 2, Rule::weights()[i] / 2);
  return out;
}

std::vector<at::Tensor> present(const BagInput& input) {
  std::vector<at::Tensor> rows;
  for (const at::Tensor& table : input.tables)
    if (table.defined()) rows.push_back(table);
  return rows;
}

void integrate(const MilNetwork& network, const BagInput& input, int predicted, TableExplanation& out) {
  const at::AutoGradMode with_gradient(true);
  const std::vector<at::Tensor> rows = present(input);
  std::vector<at::Tensor> sums;
  for (const at::Tensor& row : rows) sums.push_back(at::zeros_like(row, at::kDouble));
  for (const auto& [share, weight] : points()) {
    const BagInput here = on_path(input, share);
    const auto gradients = torch::autograd::grad({answer_of(network, here, predicted)}, present(here), {}, std::nullopt, false, true);
    for (std::size_t r = 0; r < rows.size(); ++r)
      if (gradients[r].defined()) sums[r] += weight * gradients[r].to(at::kDouble) * rows[r].to(at::kDouble);
  }
  const at::NoGradGuard no_gradient;
  double gap = answer_of(network, input, predicted).item<double>() - answer_of(network, on_path(input, 0), predicted).item<double>();
  out.features.resize(input.tables.size());
  for (std::size_t m = 0, r = 0; m < input.tables.size(); ++m) {
    if (!input.tables[m].defined()) continue;
    const at::Tensor sum = sums[r++].contiguous();
    out.features[m].assign(sum.const_data_ptr<double>(), sum.const_data_ptr<double>() + sum.numel());
    gap -= sum.sum().item<double>();
  }
  out.completeness_gap = std::abs(gap);
}

}  // namespace

TableExplanation explain_tables(const MilNetwork& network, const BagInput& input, int predicted) {
  TableExplanation out;
  out.shares = shapley(network, input, predicted);
  if (!present(input).empty()) integrate(network, input, predicted, out);
  return out;
}

}  // namespace microtome
