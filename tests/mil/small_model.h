// SPDX-License-Identifier: Apache-2.0
// Small model folders and bags from closed formulas, written byte by byte without the code under test.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "mil/aggregators/model_card.h"

namespace microtome::test {

/// A folder of its own for one test, removed at the end.
class ScratchFolder {
 public:
  ScratchFolder();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

struct NamedValues {
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};
using WeightTable = std::map<std::string, NamedValues>;

/// Sizes of golden/abmil.py: D 6, E 5, A 4, genes 3 into 2, 3 classes.
ModelCard small_card(bool genes);
/// Tensor k in name order, element j: 0.6 sin(0.37 j + 1.1 k + 0.5); the scaler's scale is that plus 1.5.
WeightTable small_weights(const ModelCard& card);
/// weights.safetensors and a card that carries its true fingerprint.
void write_model_folder(const std::filesystem::path& folder, const ModelCard& card, const WeightTable& weights);

/// amplitude sin(step k + phase)
std::vector<float> wave(double step, double phase, double amplitude, std::size_t count);
Bag wave_bag(std::int64_t tiles, std::int64_t feature_dim);

/// prefix and number; the obvious plus draws a false warning from GCC 12.
std::string numbered(const char* prefix, int number);

std::string read_all(const std::filesystem::path& path);
void write_all(const std::filesystem::path& path, const std::string& text);

/// The message of the exception `action` throws; empty when it throws none of this type.
template <class Error, class Action>
std::string sentence_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace microtome::test
