// SPDX-License-Identifier: Apache-2.0
// On which devices and in which precision a network runs. Internal to mil/: torch types.
#pragma once

#include <ATen/ATen.h>

#include <string>
#include <vector>

namespace microtome {

/// "auto": every CUDA device that is visible, else the CPU; "cpu"; "cuda": every visible one; "cuda:1"; "cuda:0,2". At least one device, all of
/// one kind. Switches CUDA to float32 without TF32 and to deterministic convolutions. Throws ModelError.
std::vector<at::Device> choose_devices(const std::string& name);

/// "cpu", "cuda:0", "cuda:0,2".
std::string devices_name(const std::vector<at::Device>& devices);

struct Precision {
  at::ScalarType type = at::kFloat;
  std::string note;  // what to know about the choice; empty: nothing
};

/// "auto": what the card's authors compute in (`of_card`, may be empty) where the device has instructions for it, else float32. bfloat16 that is
/// asked for is computed anywhere, with a note where the processor only imitates it; float16 on CUDA alone. Throws ModelError.
Precision choose_precision(const std::string& name, const std::string& of_card, const at::Device& device);

const char* precision_name(at::ScalarType type);

/// AVX512-BF16 or AMX: without them bfloat16 ran at a third of float32's speed.
bool cpu_has_bfloat16();

}  // namespace microtome
