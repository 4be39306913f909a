// SPDX-License-Identifier: Apache-2.0
// An encoder without a network, for tests of everything around it: a tile's features are its own colours, so a test can say what they must
// be.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "mil/encoders/encoder.h"
#include "mil/model_error.h"

namespace microtome {

/// Feature d of a tile is the mean of channel d % 3 plus d / 3, in grey levels. With fail_at_call = k the k-th call (from 1) throws
/// ModelError.
class FakeEncoder final : public Encoder {
 public:
  explicit FakeEncoder(std::int64_t feature_dim, std::int64_t fail_at_call = 0) : fail_at_call_(fail_at_call) {
    facts_.name = "fake";
    facts_.format = "builtin";
    facts_.sha256 = std::string(64, 'f');
    facts_.feature_dim = feature_dim;
  }

  const EncoderFacts& facts() const override { return facts_; }

  void encode(std::span<const std::uint8_t> rgb, int slots, int tile_px, std::span<float> features) const override {
    if (++calls_ == fail_at_call_) throw ModelError("fake: wanted a batch: told to fail at call " + std::to_string(fail_at_call_));
    const std::size_t pixels = static_cast<std::size_t>(tile_px) * static_cast<std::size_t>(tile_px);
    if (rgb.size() != slots * pixels * 3 || features.size() != static_cast<std::size_t>(slots * facts_.feature_dim))
      throw ModelError("fake: wanted buffers of " + std::to_string(slots) + " tiles: they have other sizes");
    for (int slot = 0; slot < slots; ++slot)
      for (std::int64_t d = 0; d < facts_.feature_dim; ++d)
        features[static_cast<std::size_t>(slot * facts_.feature_dim + d)] = feature(rgb.subspan(slot * pixels * 3, pixels * 3), d);
  }

  /// What the encoder gives for one tile; for the expectations of tests.
  static float feature(std::span<const std::uint8_t> tile, std::int64_t d) {
    std::uint64_t sum = 0;
    for (std::size_t i = static_cast<std::size_t>(d % 3); i < tile.size(); i += 3) sum += tile[i];
    return static_cast<float>(static_cast<double>(sum) * 3 / static_cast<double>(tile.size()) + static_cast<double>(d / 3));
  }

  std::int64_t calls() const { return calls_; }
  EncoderFacts& change_facts() { return facts_; }

 private:
  EncoderFacts facts_;
  std::int64_t fail_at_call_;
  mutable std::atomic<std::int64_t> calls_{0};
};

/// A tile classifier of "other" and "tumor": half each, or `value` for the second.
class FakeClassifier final : public Encoder {
 public:
  explicit FakeClassifier(float value = 0.5F) : value_(value) {
    facts_.name = "fake";
    facts_.format = "torchscript";
    facts_.sha256 = std::string(64, 'c');
    facts_.feature_dim = 2;
    facts_.classes = {"other", "tumor"};
  }
  const EncoderFacts& facts() const override { return facts_; }
  void encode(std::span<const std::uint8_t>, int, int, std::span<float> rows) const override {
    for (std::size_t i = 0; i < rows.size(); i += 2) rows[i] = 1 - (rows[i + 1] = value_);
  }

 private:
  EncoderFacts facts_;
  float value_;
};

}  // namespace microtome
