// SPDX-License-Identifier: Apache-2.0
// prediction.h5: /coords (N,2) int64, /attention (N,K) float32, /contribution (N,C) float32; root attrs slide_id, task, classes (JSON
// text), attention_kind = "softmax", shown_head (int64), aggregator, aggregator_sha256, encoder, encoder_sha256, encoder_random_weights (int64 0 or 1). Same prediction, same bytes. Throws BagError.
#pragma once

#include <filesystem>

#include "mil/bag.h"
#include "mil/prediction.h"

namespace microtome {

void write_prediction_file(const std::filesystem::path& path, const Bag& bag, const Prediction& prediction);

}  // namespace microtome
