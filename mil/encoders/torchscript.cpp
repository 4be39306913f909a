// SPDX-License-Identifier: Apache-2.0
// Runs TorchScript archives. They are code: whoever gives one to this program runs it.
#include <ATen/autocast_mode.h>
#include <fmt/format.h>
#include <torch/csrc/jit/api/function_impl.h>
#include <torch/script.h>

#include <memory>
#include <sstream>
#include <vector>

#include "mil/encoders/network.h"
#include "mil/model_error.h"

namespace microtome {
namespace {

namespace fs = std::filesystem;

bool runs_optimised(const Placement& placement) { return placement.device.is_cpu() && placement.precision == at::kFloat; }

torch::jit::Module load_module(const fs::path& path, const Placement& placement) {
  try {
    torch::jit::Module module = torch::jit::load(path.string(), placement.device);
    module.eval();
    module = torch::jit::freeze(module);
    // Prepacks the convolutions for oneDNN, in float32; elsewhere it would only rule out shapes and precisions.
    return runs_optimised(placement) ? torch::jit::optimize_for_inference(module) : module;
  } catch (const std::exception& e) {
    throw ModelError(fmt::format("{}: wanted a TorchScript module with a forward method: {}: export it again with torch 2.11 or older",
                                 path.string(), first_line_of(e)));
  }
}

/// Matrix products and convolutions in the lower precision, sums and norms in float32, on this thread for as long as it lives.
class Autocast {
 public:
  explicit Autocast(const Placement& placement) : type_(placement.device.type()), on_(placement.precision != at::kFloat) {
    if (!on_) return;
    at::autocast::set_autocast_dtype(type_, placement.precision);
    at::autocast::set_autocast_enabled(type_, true);
    // frozen weights are no parameters, so the cache would never be hit
    at::autocast::set_autocast_cache_enabled(false);
  }
  ~Autocast() {
    if (on_) at::autocast::set_autocast_enabled(type_, false);
  }
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  at::DeviceType type_;
  bool on_;
};

/// TorchScript puts its casts into the graph when a method is made ready, and only where the optimiser is on. Later calls take what is ready
/// then, so that they can do without the optimiser and still compute in the lower precision.
void make_casts(const torch::jit::Module& module, const Placement& placement) {
  if (placement.precision == at::kFloat) return;
  const Autocast autocast(placement);
  torch::jit::toGraphFunction(module.get_method("forward").function()).get_executor();
}

}  // namespace

Network load_torchscript(const fs::path& path, const Placement& placement) {
  const auto module = std::make_shared<torch::jit::Module>(load_module(path, placement));
  make_casts(*module, placement);
  const auto forward = [module, placement, name = path.string()](const at::Tensor& images) {
    // The profiling executor would run the first batches through another graph than the later ones.
    torch::jit::GraphOptimizerEnabledGuard same_graph_for_every_batch(false);
    const Autocast autocast(placement);
    // Traced modules were exported for contiguous input: some call view() on what they get. forward() is not const, but a frozen module has
    // no state left that it could change.
    const torch::IValue output = module->forward({images.contiguous()});
    if (!output.isTensor())
      throw ModelError(fmt::format("{}: wanted a tensor as output: found {}: export the model with one pooled row per tile", name,
                                   output.tagKind()));
    return output.toTensor();
  };
  return {forward, at::kFloat, 0};
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
