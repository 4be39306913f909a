// SPDX-License-Identifier: Apache-2.0
// What a network can learn from tiles and tables of the same patients before it is told of any label. Internal to mil/: torch types.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "mil/aggregators/mil_network.h"
#include "mil/training/train.h"

namespace microtome {

/// Aligns the pooled tiles and the encoded tables of `network` (TANGLE, Jaume et al. 2024): both are projected to 128 numbers by layers that are
/// thrown away afterwards, and contrastive_loss at temperature 0.01 tells each patient of a step from the others. settings.pretrain_epochs epochs of
/// AdamW at settings.pretrain_learning_rate, five of them (at most a half) rising, then falling along a cosine. An epoch shows one slide, drawn, of
/// every patient with a table, up to 64 a step and up to 2048 tiles of each (settings.bag_size where that is less), drawn without replacement.
/// Deterministic. `learned` are the network's leaves. Holds the graphs of a step: some 20 KB a tile at a width of 512.
/// Throws ModelError: fewer than two patients with a table, bags that cannot be read.
void pretrain(MilNetwork& network, const std::vector<at::Tensor>& learned, const std::vector<const TrainingSlide*>& slides, const TrainSettings& settings,
              std::uint64_t number, const std::function<void(int epoch, double loss)>& on_epoch);

}  // namespace microtome
