// SPDX-License-Identifier: Apache-2.0
// The encoders of the benchmarks: timm's networks with random weights, exported by the script that users have.
#pragma once

#include <filesystem>
#include <string>

namespace microtome {

struct BenchModel {
  std::string name;              // "resnet50", "vit-s"
  std::string timm;              // its name there
  std::string pool;              // of the export
  std::filesystem::path folder;  // cards, model.cpu.pt2, torchscript_model.pt, golden.safetensors
};

inline constexpr int kBenchTilePx = 224;
inline constexpr int kBenchBatch = 16;  // compiled into the package

/// Exports the model into $MICROTOME_BENCH_MODELS (else beside the program) unless it is there: a minute. Throws std::runtime_error.
BenchModel bench_model(const std::string& name);

/// A text for the shell in one word.
std::string shell_word(const std::string& text);

/// The Python of the tests.
std::string bench_python();

}  // namespace microtome
