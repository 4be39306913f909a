// SPDX-License-Identifier: Apache-2.0
// Our encoder on batches of bytes that are decoded already, as many callers at once as a run has.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "mil/encoders/encoder.h"

namespace microtome {

class OurEncoder {
 public:
  /// The batch holds the golden tiles over and over.
  OurEncoder(const EncoderSettings& settings, GoldenTiles golden, int batch);

  /// Encodes at least `tiles` tiles, full batches, dealt to the callers as they come free. Tiles a second.
  double run(int tiles) const;

  /// What differs from the golden rows; empty: nothing.
  std::string verify() const;

 private:
  void encode(std::vector<float>& rows) const;
  std::vector<float> empty_rows() const;

  GoldenTiles golden_;
  int batch_;
  std::shared_ptr<const Encoder> encoder_;
  std::vector<std::uint8_t> bytes_;
};

/// The least cosine between rows of `dim` numbers. Of the rows that both have.
double least_cosine(const std::vector<float>& rows, const std::vector<float>& others, std::size_t dim);

/// Runs `body` on so many threads at once; what one of them throws is thrown again when all have ended.
void on_threads(int threads, const std::function<void()>& body);

}  // namespace microtome
