// SPDX-License-Identifier: Apache-2.0
// The encoders of the benchmarks: timm's networks with random weights, exported by the script that users have, and the built-in one.
#pragma once

#include <filesystem>
#include <string>

namespace microtome {

inline constexpr int kBenchTilePx = 224;
inline constexpr int kBenchBatch = 16;         // on the CPU; compiled into the package
inline constexpr int kBenchDeviceBatch = 128;  // elsewhere, likewise
inline constexpr int kBenchThreads = 2;

struct BenchModel {
  std::string name;                // "resnet50", "vit-s"
  std::string timm;                // its name there
  std::string pool;                // of the export
  std::filesystem::path folder;    // cards, golden.safetensors, and the model in the forms of its device
  std::string weights = "random";  // as the export script takes them
  std::string device = "cpu";

  bool on_cpu() const { return device == "cpu"; }
  int batch() const { return on_cpu() ? kBenchBatch : kBenchDeviceBatch; }
};

/// Exports the model for the device into $MICROTOME_BENCH_MODELS (else beside the program) unless it is there: a minute. Forms: TorchScript
/// and the device's package. Throws std::runtime_error.
BenchModel bench_model(const std::string& name, const std::string& device);

/// A folder whose model.safetensors holds what the built-in resnet50 makes up for seed 0, made once more in Python, and whose golden
/// outputs are Python's. Throws std::runtime_error.
BenchModel builtin_model(const std::string& device);

/// A text for the shell in one word.
std::string shell_word(const std::string& text);

/// The Python of the tests.
std::string bench_python();

}  // namespace microtome
