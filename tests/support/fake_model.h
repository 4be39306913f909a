// SPDX-License-Identifier: Apache-2.0
// A slide-level model without a network: what it says of a bag can be said by a test.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "mil/aggregators/slide_model.h"
#include "mil/model_error.h"

namespace microtome {

/// Two classes; the second's logit is `scale` times the mean of feature 0 over the tiles, less 100. It wants the bags of FakeEncoder.
class FakeModel final : public SlideModel {
 public:
  explicit FakeModel(double scale, std::int64_t feature_dim = 6) : scale_(scale) {
    card_.classes = {"normal", "tumour"};
    card_.encoder = "fake";
    card_.encoder_sha256 = std::string(64, 'f');
    card_.feature_dim = feature_dim;
    card_.tile_px = 32;
    card_.mpp = 0.5;
    sha256_ = "model of scale " + std::to_string(scale);
  }
  const ModelCard& card() const override { return card_; }
  const std::string& sha256() const override { return sha256_; }
  std::string name() const override { return "fake-mean"; }

  Prediction predict(const Bag& bag, const std::vector<TableRow>&) const override {
    Prediction out;
    out.classes = card_.classes;
    const auto tiles = static_cast<std::size_t>(bag.tiles());
    double sum = 0;
    for (std::size_t t = 0; t < tiles; ++t) {
      const float share = static_cast<float>(scale_ * (bag.features[t * bag.feature_dim] - 100) / static_cast<double>(tiles));
      out.contribution.insert(out.contribution.end(), {0, share});
      sum += share;
    }
    out.logits = {0, sum};
    const double tumour = 1 / (1 + std::exp(-sum));
    out.probabilities = {1 - tumour, tumour};
    out.predicted = tumour > 0.5 ? 1 : 0;
    out.attention.assign(tiles, 1 / static_cast<float>(tiles));
    out.offset = {0, 0};
    out.attention_entropy = std::log(static_cast<double>(tiles));
    out.effective_tiles = static_cast<double>(tiles);
    out.task = "label";
    out.aggregator = {name(), sha256_};
    out.encoder = {card_.encoder, card_.encoder_sha256};
    return out;
  }

 private:
  double scale_;
  ModelCard card_;
  std::string sha256_;
};

}  // namespace microtome
