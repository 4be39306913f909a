// SPDX-License-Identifier: Apache-2.0
// AOTInductor packages (.pt2): a network compiled to a shared library for one kind of device. Native code, which torch, processor and device must
// fit: all of that is read from the package's metadata before any of its code is loaded.
#include <ATen/cpu/Utils.h>
#include <fmt/format.h>
#include <torch/csrc/inductor/aoti_package/model_package_loader.h>
#include <torch/version.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <memory>
#include <sstream>
#include <string_view>
#include <vector>

#include "mil/encoders/network.h"
#include "mil/encoders/placement.h"
#include "mil/model_error.h"

namespace microtome {
namespace {

namespace fs = std::filesystem;
using Loader = torch::inductor::AOTIModelPackageLoader;
using Metadata = std::unordered_map<std::string, std::string>;

constexpr const char* kModel = "model";  // the name that torch gives the only model of a package
constexpr const char* kExportAgain = "export it again with workflows/export_encoder.py";

std::string word_of(const Metadata& metadata, const char* key) {
  const auto found = metadata.find(key);
  return found == metadata.end() ? "" : found->second;
}

std::int64_t batch_of(const fs::path& path, const Metadata& metadata) {
  const std::string text = word_of(metadata, "microtome_batch");
  if (text.empty()) return 0;
  std::int64_t batch = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), batch);
  if (error != std::errc() || end != text.data() + text.size() || batch < 1 || batch > 65536)
    throw ModelError(fmt::format("{}: wanted a batch from 1 to 65536 in the package's metadata: found '{}': {}", path.string(), text, kExportAgain));
  return batch;
}

/// "2.11" of "2.11.0+cu130": what a package is bound to.
std::string_view release(std::string_view version) {
  const auto minor = version.find('.');
  return minor == std::string_view::npos ? version : version.substr(0, version.find('.', minor + 1));
}

/// Whether this processor has what a word of torch's name for its kind stands for.
bool has_instructions(const std::string& word) {
  if (word == "invalid_vec_isa") return true;  // torch's name for none
  const auto capabilities = at::cpu::get_cpu_capabilities();
  const auto has = [&](const std::string& name) {
    const auto found = capabilities.find(name);
    return found != capabilities.end() && found->second.isBool() && found->second.toBool();
  };
  return word == "avx512" ? has("avx512_f") && has("avx512_bw") && has("avx512_dq") && has("avx512_vl") : has(word);
}

/// The words of "AVX512 AVX512_VNNI", as packages write it, that this processor lacks.
std::string lacking_instructions(const std::string& isa) {
  std::istringstream words(isa);
  std::string lacking;
  for (std::string word; words >> word;) {
    std::string lower = word;
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (!has_instructions(lower)) lacking += (lacking.empty() ? "" : " ") + word;
  }
  return lacking;
}

at::ScalarType dtype_of(const std::string& precision) {
  return precision == "float16" ? at::kHalf : precision == "bfloat16" ? at::kBFloat16 : at::kFloat;
}

}  // namespace

PackageFacts read_package_facts(const fs::path& path) {
  try {
    const Metadata metadata = Loader::load_metadata_from_package(path.string(), kModel);
    PackageFacts facts;
    facts.device = word_of(metadata, "AOTI_DEVICE_KEY");
    facts.isa = word_of(metadata, "AOTI_CPU_ISA");
    facts.torch = word_of(metadata, "microtome_torch");
    facts.precision = word_of(metadata, "microtome_precision");
    if (facts.precision.empty()) facts.precision = "float32";
    facts.batch = batch_of(path, metadata);
    facts.channels_last = metadata.count("microtome_batch") != 0;
    return facts;
  } catch (const ModelError&) {
    throw;
  } catch (const std::exception& e) {
    throw ModelError(fmt::format("{}: wanted an AOTInductor package: {}: {}", path.string(), first_line_of(e), kExportAgain));
  }
}

std::string package_misfit(const PackageFacts& facts, const Placement& placement) {
  const std::string device = placement.device.is_cpu() ? "cpu" : "cuda";
  if (facts.device != device) return fmt::format("it was compiled for {}, this run computes on {}", facts.device, device);
  if (!facts.torch.empty() && release(facts.torch) != release(TORCH_VERSION))
    return fmt::format("it was compiled by torch {}, this is LibTorch {}", facts.torch, TORCH_VERSION);
  if (facts.precision != precision_name(placement.precision))
    return fmt::format("it computes in {}, wanted is {}", facts.precision, precision_name(placement.precision));
  const std::string lacking = placement.device.is_cpu() ? lacking_instructions(facts.isa) : "";
  if (!lacking.empty()) return fmt::format("it was compiled for a processor with {}, this one lacks {}", facts.isa, lacking);
  return "";
}

Network load_package(const fs::path& path, const PackageFacts& facts, const Placement& placement) {
  // Or images of another size than compiled in would be read beyond their end. The generated code looks once.
  setenv("AOTI_RUNTIME_CHECK_INPUTS", "1", 1);
  std::shared_ptr<Loader> loader;
  try {
    const auto runners = static_cast<std::size_t>(placement.lanes);
    loader = std::make_shared<Loader>(path.string(), kModel, false, runners, placement.device.is_cpu() ? -1 : placement.device.index());
  } catch (const std::exception& e) {
    throw ModelError(fmt::format("{}: wanted to load the package's library: {}: {}", path.string(), first_line_of(e), kExportAgain));
  }
  const auto forward = [loader, name = path.string(), channels_last = facts.channels_last](const at::Tensor& images) {
    const std::vector<at::Tensor> outputs = loader->run({channels_last ? images : images.contiguous()});
    if (outputs.size() != 1)
      throw ModelError(fmt::format("{}: wanted one tensor as output: found {}: {}", name, outputs.size(), kExportAgain));
    return outputs.front();
  };
  return {forward, dtype_of(facts.precision), facts.batch};
}

}  // namespace microtome
