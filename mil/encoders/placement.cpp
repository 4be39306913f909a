// SPDX-License-Identifier: Apache-2.0
#include "mil/encoders/placement.h"

#include <ATen/Context.h>
#include <ATen/cpu/Utils.h>
#include <fmt/format.h>
#include <torch/cuda.h>

#include <algorithm>
#include <sstream>

#include "mil/model_error.h"

namespace microtome {
namespace {

/// Results may differ from the CPU's in the last bits, not from run to run.
void make_cuda_repeatable() {
  at::globalContext().setAllowTF32CuDNN(false);
  at::globalContext().setAllowTF32CuBLAS(false);
  at::globalContext().setDeterministicCuDNN(true);
  at::globalContext().setBenchmarkCuDNN(false);
}

int device_number(const std::string& name, const std::string& number, int visible) {
  const bool digits = !number.empty() && number.size() < 4 && std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (digits && std::stoi(number) < visible) return std::stoi(number);
  throw ModelError(fmt::format("{}: wanted CUDA devices from cuda:0 to cuda:{}: there is no such one: choose another", name, visible - 1));
}

std::vector<at::Device> cuda_devices(const std::string& name) {
  const int visible = static_cast<int>(torch::cuda::device_count());
  if (visible == 0) throw ModelError(fmt::format("{}: wanted a CUDA device: none is visible: use --device cpu", name));
  std::vector<at::Device> devices;
  const auto add = [&](int number) {
    const at::Device device(at::kCUDA, static_cast<c10::DeviceIndex>(number));
    if (std::find(devices.begin(), devices.end(), device) == devices.end()) devices.push_back(device);
  };
  if (name == "cuda") {
    for (int number = 0; number < visible; ++number) add(number);
  } else {
    std::istringstream numbers(name.substr(5) + ",");  // the comma shows an empty last number
    for (std::string number; std::getline(numbers, number, ',');) add(device_number(name, number, visible));
  }
  if (devices.empty()) device_number(name, "", visible);
  make_cuda_repeatable();
  return devices;
}

}  // namespace

std::vector<at::Device> choose_devices(const std::string& name) {
  if (name == "auto") return torch::cuda::is_available() ? cuda_devices("cuda") : std::vector<at::Device>{at::kCPU};
  if (name == "cpu") return {at::kCPU};
  if (name == "cuda" || name.starts_with("cuda:")) return cuda_devices(name);
  throw ModelError(fmt::format("{}: wanted a device: auto, cpu, cuda, cuda:N or cuda:N,M: there is no such one: choose one of these", name));
}

std::string devices_name(const std::vector<at::Device>& devices) {
  std::string name = devices.front().str();
  for (std::size_t i = 1; i < devices.size(); ++i) name += fmt::format(",{}", devices[i].index());
  return name;
}

bool cpu_has_bfloat16() {
  const auto capabilities = at::cpu::get_cpu_capabilities();
  const auto has = [&](const char* name) {
    const auto found = capabilities.find(name);
    return found != capabilities.end() && found->second.isBool() && found->second.toBool();
  };
  return has("avx512_bf16") || has("amx_bf16");
}

Precision choose_precision(const std::string& name, const std::string& of_card, const at::Device& device) {
  if (name == "float32") return {at::kFloat, ""};
  const std::string wanted = name == "auto" ? of_card : name;
  const bool automatic = name == "auto";
  const bool emulated = device.is_cpu() && !cpu_has_bfloat16();
  if (wanted == "bfloat16") {
    if (!emulated) return {at::kBFloat16, ""};
    if (automatic) return {at::kFloat, "the card wants bfloat16, which this processor has no instructions for: float32 was used"};
    return {at::kBFloat16, "this processor has no bfloat16 instructions: it takes about three times as long as float32"};
  }
  if (wanted == "float16") {
    if (device.is_cuda()) return {at::kHalf, ""};
    if (automatic) return {at::kFloat, "the card wants float16, which is for CUDA devices: float32 was used"};
    throw ModelError("float16: wanted a precision for the CPU: float16 is for CUDA devices: use --precision float32 or bfloat16");
  }
  if (automatic) return {at::kFloat, ""};
  throw ModelError(fmt::format("{}: wanted a precision: there is auto, float32, float16, bfloat16: choose one of these", name));
}

const char* precision_name(at::ScalarType type) { return type == at::kFloat ? "float32" : type == at::kHalf ? "float16" : "bfloat16"; }

}  // namespace microtome
