// SPDX-License-Identifier: Apache-2.0
// How logits become shares of tiles: two ways, and each aggregator takes the one that is true of it. Internal to mil/: torch types.
#pragma once

#include <ATen/ATen.h>

#include <functional>

#include "mil/aggregators/aggregator.h"

namespace microtome {

/// What each tile says before the softmax over all tiles is known.
struct TileScores {
  at::Tensor attention;  // (N, K) raw, K being 1 or C
  at::Tensor scores;     // (N, C) of each class
};

/// `score` of chunks of standardised features (n, D), put together in double: beyond the features memory is a few dozen MB plus a few numbers a
/// tile.
TileScores score_in_chunks(const BagInput& bag, const std::function<TileScores(const at::Tensor& features)>& score);

/// Softmax over tiles, and the exact shares of the weighted sum: contribution_ic = a_ik(c) scores_ic. offset (C) double.
Weighed weighted_sum(const TileScores& tiles, const at::Tensor& offset);

/// The same for attention that is final.
Weighed shares_of(const at::Tensor& attention, const at::Tensor& scores, const at::Tensor& offset);

/// Of logits (C) to which the tiles gave nothing: even attention, no shares.
Weighed without_tiles(const at::Tensor& logits, std::int64_t tiles);

struct Answer {
  at::Tensor logits;     // (C)
  at::Tensor attention;  // (N, K), sums to 1
};

/// `forward` sees features alone, so all else (rows of tables) is constant and goes into the offset. For networks that are no sums over tiles: gradient times input of every logit (Simonyan et al. 2013; Shrikumar et al. 2016). The input being
/// standardised, a tile's share is what it adds, to first order, over the mean tile of training; the offset takes the rest. One backward pass a
/// class.
Weighed gradient_times_input(const BagInput& bag, const std::function<Answer(const at::Tensor& features)>& forward);

}  // namespace microtome
