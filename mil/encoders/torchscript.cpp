// SPDX-License-Identifier: Apache-2.0
// Runs TorchScript archives. They are code: whoever gives one to this program runs it.
#include <fmt/format.h>
#include <torch/script.h>

#include <memory>
#include <sstream>
#include <vector>

#include "mil/encoders/network.h"
#include "mil/model_error.h"

namespace microtome {
namespace {

namespace fs = std::filesystem;

torch::jit::Module load_module(const fs::path& path, const Placement& placement) {
  try {
    torch::jit::Module module = torch::jit::load(path.string(), placement.device);
    module.eval();
    if (placement.dtype != at::kFloat) module.to(placement.dtype);
    module = torch::jit::freeze(module);
    // Prepacks the convolutions for oneDNN; on CUDA it would only rule out shapes.
    return placement.device.is_cpu() ? torch::jit::optimize_for_inference(module) : module;
  } catch (const std::exception& e) {
    throw ModelError(fmt::format("{}: wanted a TorchScript module with a forward method: {}: export it again with torch 2.11 or older",
                                 path.string(), first_line_of(e)));
  }
}

/// The rows, or the sentence that says what came instead.
at::Tensor rows_of(const torch::IValue& output, std::int64_t tiles, const std::string& path) {
  const bool tensor = output.isTensor();
  at::Tensor rows = tensor ? output.toTensor() : at::Tensor();
  if (tensor && rows.dim() == 4 && rows.size(2) == 1 && rows.size(3) == 1) rows = rows.flatten(1);
  if (!tensor || rows.dim() != 2 || rows.size(0) != tiles || rows.size(1) < 1)
    throw ModelError(fmt::format("{}: wanted an output of shape [{}, features]: found {}: export the model with one pooled row per tile",
                                 path, tiles, tensor ? c10::str(rows.sizes()) : output.tagKind()));
  return rows;
}

}  // namespace

Network load_torchscript(const fs::path& path, const Placement& placement) {
  const auto module = std::make_shared<torch::jit::Module>(load_module(path, placement));
  // Traced modules were exported for contiguous input: some call view() on what they get.
  return [module, name = path.string()](const at::Tensor& images) {
    // The profiling executor would run the first batches through another graph than the later ones.
    torch::jit::GraphOptimizerEnabledGuard same_graph_for_every_batch(false);
    std::vector<torch::IValue> inputs{images.contiguous()};
    // forward() is not const, but a frozen module has no state left that it could change.
    return rows_of(module->forward(std::move(inputs)), images.size(0), name);
  };
}

std::string first_line_of(const std::exception& error) {
  const auto* torch_error = dynamic_cast<const c10::Error*>(&error);
  std::istringstream text(torch_error ? torch_error->what_without_backtrace() : error.what());
  std::string first;
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with("RuntimeError: ")) return line.substr(14);  // the last line of an interpreter's traceback
    if (first.empty()) first = line;
  }
  // "[enforce fail at inline_container.cc:230] . Attempted to ..." : the place in torch's source helps nobody here
  const auto place = first.starts_with("[enforce fail at ") ? first.find("] . ") : std::string::npos;
  return place == std::string::npos ? first : first.substr(place + 4);
}

}  // namespace microtome
