// SPDX-License-Identifier: Apache-2.0
// safetensors files (formats.md 7.1): 8-byte little-endian header length, JSON header, raw row-major data; no code. Internal to mil/: torch
// types.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <map>
#include <string>

namespace microtome {

using NamedTensors = std::map<std::string, at::Tensor>;

/// Bounds-checked: header length against the file, offsets in range, contiguous and not overlapping, shape x itemsize equal to the span,
/// known dtype, no duplicate name. Tensors come back on CPU in their own dtype (F64 F32 F16 BF16 I64 I32 I16 I8 U8 BOOL). Throws
/// ModelError.
NamedTensors read_safetensors(const std::filesystem::path& path);

/// Wide items first, then sorted by name (every span is aligned, and the same tensors give the same bytes); beside its place, renamed when
/// whole. Throws ModelError when the file cannot be written whole.
void write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors, const std::map<std::string, std::string>& metadata);

}  // namespace microtome
