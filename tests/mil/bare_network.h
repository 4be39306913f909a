// SPDX-License-Identifier: Apache-2.0
// The floor of encoding: the network alone on a batch that is ready, as many threads as the run has, each for itself.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace microtome {

class BareNetwork {
 public:
  /// form: "pt2", "torchscript" or "safetensors"; its golden tiles, normalised and repeated to a batch, are the input.
  BareNetwork(const std::filesystem::path& folder, const std::string& form, int threads);
  ~BareNetwork();

  /// Encodes at least `tiles` tiles, full batches, dealt to the threads as they come free. Tiles a second.
  double run(int tiles) const;

  /// What differs from the golden outputs; empty: nothing.
  std::string verify() const;

 private:
  struct Parts;
  Parts* parts_;
};

}  // namespace microtome
