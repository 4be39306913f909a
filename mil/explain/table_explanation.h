// SPDX-License-Identifier: Apache-2.0
// What tiles and tables moved the answer of a model that takes both. The explained number is the risk, the number of a regression model, or
// the log odds of the predicted class (of several labels, of the most probable one).
//   Of a modality: its exact Shapley value (Shapley 1953) over tiles and tables that are there; who is left out is replaced by what the model learned for
//     missing ones. Together they are the answer less the answer without any input.
//   Of a feature: integrated gradients (Sundararajan et al. 2017) from the training mean of every table to the row, tiles as they are, by 30 points of
//     Gauss and Legendre. Together they are the answer less that with mean rows, but for the completeness gap.
#pragma once

#include <optional>
#include <vector>

#include "mil/prediction.h"

namespace microtome {

struct ModelCard;
struct TableRow;

struct TableExplanation {
  std::vector<std::optional<double>> shares;  // tiles, then one a modality of the card; none: it was not there
  std::vector<std::vector<double>> features;  // one a modality, as its features; empty: it was not there
  double completeness_gap = 0;                // absolute
};

/// Of models that answer by their mean; explanations of one input. The gap is the largest.
TableExplanation mean_of(const std::vector<TableExplanation>& members);

/// Fills shares of modalities, and the features with the largest shares: at most 20 of a modality, largest first.
void tell_explanation(const TableExplanation& explanation, const ModelCard& card, const std::vector<TableRow>& tables, Prediction& prediction);

}  // namespace microtome
