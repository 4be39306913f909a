// SPDX-License-Identifier: Apache-2.0
// An archive of bench_run and what the real program makes of it, as a user starts it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tests/bench/encoder_models.h"

namespace microtome {

class RunArchive {
 public:
  /// Slides of real texture, tissue everywhere, of about `tiles` tiles in all. `form` of the model: "pt2", "torchscript". Writes into
  /// `folder`, and runs the program once.
  RunArchive(const std::filesystem::path& folder, const BenchModel& model, const std::string& form, int slides, int tiles);

  /// A run into an empty folder, or again into the one of the last. Whole process, seconds. Throws std::runtime_error with its stderr.
  double run(bool again) const;

  // Of the last run.
  int tiles() const;
  double graph_seconds() const;   // from the first slide to the last document
  double encode_seconds() const;  // at least one lane was encoding
  std::filesystem::path out() const { return folder_ / "out"; }

  /// What is wrong with the last run; empty: nothing. Every slide must be there, and the features of some tiles of each what the network in
  /// this process gives for the same tiles, read by OpenSlide.
  std::string verify() const;

 private:
  struct Sample;
  void add_sample(const std::string& slide, std::size_t most, Sample& sample) const;

  std::filesystem::path folder_;
  BenchModel model_;
  std::string form_;
  std::vector<std::string> slides_;
};

}  // namespace microtome
