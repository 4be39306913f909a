// SPDX-License-Identifier: Apache-2.0
// What a name or a weights file becomes: a function from images to features. Internal to mil/: torch types.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "mil/weights_safetensors.h"

namespace microtome {

/// Normalised images (B, 3, H, W) of the network's dtype, on its device, to (B, D). May be called by several threads at once.
using Network = std::function<at::Tensor(const at::Tensor&)>;

struct Placement {
  at::Device device = at::kCPU;
  at::ScalarType dtype = at::kFloat;
};

/// resnet18, resnet50, resnet50-trunc (pool after layer3).
bool is_resnet(const std::string& name);

/// Weights by torchvision's key names; fc.*, num_batches_tracked and, when truncated, layer4.* are ignored, any other surplus key is
/// refused. `source` begins the messages. Batch norms are folded into the convolutions. Throws ModelError.
Network make_resnet(const std::string& name, const NamedTensors& weights, const std::string& source, const Placement& placement);

/// Kaiming-normal convolutions from our own generator, so the same numbers on every machine and with every torch.
NamedTensors random_resnet_weights(const std::string& name, std::uint64_t seed);

/// Loads, freezes and wraps a TorchScript module. Throws ModelError.
Network load_torchscript(const std::filesystem::path& path, const Placement& placement);

/// The one line of a torch error that says what is wrong, without backtrace and interpreter frames.
std::string first_line_of(const std::exception& error);

}  // namespace microtome
