// SPDX-License-Identifier: Apache-2.0
// Our aggregator on one bag of made-up features, and its files for the rival: 1024 features a tile, sizes of the publication, one thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace microtome {

class OurMil {
 public:
  /// Writes weights.safetensors and features.f32 into `folder`.
  OurMil(const std::string& aggregator, int tiles, const std::filesystem::path& folder);
  ~OurMil();

  const std::string& aggregator() const;
  const std::filesystem::path& folder() const;
  int tiles() const;
  std::vector<double> logits() const;

  /// What is wrong with the shares of tiles: they must add up to the logits.
  std::string verify() const;
  /// Seconds until the logits are there, as the rival gives them.
  double forward() const;
  /// Seconds of a prediction: logits, attention and every tile's share of every logit.
  double predict() const;
  /// Seconds of a step: forward, loss, backward, Adam.
  double train() const;
  /// Seconds of `times` products of features (tiles, 1024) and weights (1024, 512).
  double embed(int times) const;

 private:
  struct Parts;
  Parts* parts_;
};

}  // namespace microtome
