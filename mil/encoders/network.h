// SPDX-License-Identifier: Apache-2.0
// What a name or a model file becomes: a function from images to rows. Internal to mil/: torch types.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "mil/weights_safetensors.h"

namespace microtome {

struct Placement {
  at::Device device = at::kCPU;
  at::ScalarType precision = at::kFloat;  // what the network computes in
  int lanes = 1;                          // calls at once
};

/// A loaded network. `forward`: images (B, 3, H, W) on its device, channels-last in memory, of `input` dtype, to what the network gives: rows
/// (B, D) or tokens (B, T, D). May be called by up to `lanes` threads at once, on the calling thread and the current stream alone.
struct Network {
  std::function<at::Tensor(const at::Tensor&)> forward;
  at::ScalarType input = at::kFloat;
  std::int64_t batch = 0;  // B of every call, compiled in; 0: any
};

/// resnet18, resnet34, resnet50, resnet50-trunc (pool after layer3, as CLAM does).
bool is_resnet(const std::string& name);

/// Weights by torchvision's and timm's key names; fc.*, num_batches_tracked and, when truncated, layer4.* are ignored, any other surplus key is
/// refused. `source` begins the messages. Batch norms are folded into the convolutions. Throws ModelError.
Network make_resnet(const std::string& name, const NamedTensors& weights, const std::string& source, const Placement& placement);

/// Kaiming-normal convolutions from our own generator, so the same numbers on every machine and with every torch.
NamedTensors random_resnet_weights(const std::string& name, std::uint64_t seed);

/// Loads and freezes a TorchScript module; in float32 on the CPU it is optimised for inference too, in other precisions it runs under autocast,
/// as its authors do. Throws ModelError.
Network load_torchscript(const std::filesystem::path& path, const Placement& placement);

/// What an AOTInductor package says of itself. Reads the zip's metadata, loads no code.
struct PackageFacts {
  std::string device;          // "cpu", "cuda"
  std::string isa;             // what the CPU must have, "AVX512 AVX512_VNNI"; may be empty
  std::string torch;           // version that compiled it; empty where it was not exported by our script
  std::string precision;       // "float32" where it does not say
  std::int64_t batch = 0;      // 0: any
  bool channels_last = false;  // layout of its input: ours; false for packages that our script did not export
};
PackageFacts read_package_facts(const std::filesystem::path& path);

/// Why the package cannot run at this placement with this torch and processor; empty where it can.
std::string package_misfit(const PackageFacts& facts, const Placement& placement);

/// Loads a package: extracts a shared library into a temporary folder and opens it. One network, `lanes` runners. Throws ModelError.
Network load_package(const std::filesystem::path& path, const PackageFacts& facts, const Placement& placement);

/// The one line of a torch error that says what is wrong, without backtrace and interpreter frames.
std::string first_line_of(const std::exception& error);

}  // namespace microtome
