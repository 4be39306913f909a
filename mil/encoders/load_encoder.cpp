// SPDX-License-Identifier: Apache-2.0
// From settings to an encoder that has proved itself on one dry pass.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>
#include <torch/cuda.h>
#include <torch/version.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "mil/encoders/encoder.h"
#include "mil/encoders/encoder_card.h"
#include "mil/encoders/network.h"
#include "mil/model_error.h"
#include "mil/sha256.h"

namespace microtome {
namespace {

namespace fs = std::filesystem;

constexpr int kMinTilePx = 32;  // a ResNet divides the side by 32
constexpr int kDryTiles = 2;    // two, so that a model traced for exactly one tile is found out

/// Torch keeps the thread count per thread (OpenMP): each lane says once that it works alone. Batches give the parallelism, and
/// intra-op splits would change a feature's last bits with the number of cores.
void work_alone() {
  thread_local const bool alone = [] {
    at::set_num_threads(1);
    return true;
  }();
  static_cast<void>(alone);
}

class TorchEncoder final : public Encoder {
 public:
  TorchEncoder(EncoderFacts facts, Preprocessing preprocessing, Placement placement, Network network)
      : facts_(std::move(facts)), preprocessing_(preprocessing), placement_(placement), network_(std::move(network)) {}

  const EncoderFacts& facts() const override { return facts_; }

  void encode(std::span<const std::uint8_t> rgb, int slots, int tile_px, std::span<float> features) const override {
    if (facts_.tile_px != 0 && tile_px != facts_.tile_px)
      throw ModelError(fmt::format("{}: wanted tiles of {} px: found {}", facts_.name, facts_.tile_px, tile_px));
    if (features.size() != static_cast<std::size_t>(slots * facts_.feature_dim))
      throw ModelError(
          fmt::format("{}: wanted room for {} x {} features: found {}", facts_.name, slots, facts_.feature_dim, features.size()));
    const at::Tensor rows = forward(rgb, slots, tile_px);
    std::memcpy(features.data(), rows.data_ptr<float>(), features.size_bytes());
  }

  /// Finds out what the network gives, before any slide waits for it.
  void dry_pass(int tile_px) {
    std::vector<std::uint8_t> rgb(std::size_t{kDryTiles} * tile_px * tile_px * 3);
    for (std::size_t i = 0; i < rgb.size(); ++i) rgb[i] = static_cast<std::uint8_t>(i % 251);
    const at::Tensor rows = forward(rgb, kDryTiles, tile_px);
    // of real tiles, a value that is not finite is one slide's matter and is judged there
    if (!at::isfinite(rows).all().item<bool>())
      throw ModelError(
          fmt::format("{}: wanted finite features: found NaN or infinity in a trial batch: use --precision float32", facts_.name));
    const std::int64_t found = rows.size(1);
    if (facts_.feature_dim != 0 && facts_.feature_dim != found)
      throw ModelError(fmt::format("{}: wanted {} features per tile, as microtome.json says: the network gives {}: correct 'feature_dim'",
                                   facts_.name, facts_.feature_dim, found));
    facts_.feature_dim = found;
  }

 private:
  at::Tensor forward(std::span<const std::uint8_t> rgb, int slots, int tile_px) const {
    if (slots < 1 || rgb.size() != std::size_t(slots) * tile_px * tile_px * 3)
      throw ModelError(fmt::format("{}: wanted {} tiles of {} px: found {} bytes", facts_.name, slots, tile_px, rgb.size()));
    if (placement_.device.is_cpu()) work_alone();
    const c10::InferenceMode inference;
    try {
      return network_(prepare(rgb, slots, tile_px)).to(at::kCPU, at::kFloat).contiguous();
    } catch (const ModelError&) {
      throw;
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::exception& e) {
      throw ModelError(fmt::format("{}: wanted the features of {} tiles of {} px: {}: check the model, or lower --batch", facts_.name,
                                   slots, tile_px, first_line_of(e)));
    }
  }

  at::Tensor prepare(std::span<const std::uint8_t> rgb, std::int64_t slots, std::int64_t side) const {
    // from_blob wants a pointer to non-const; the bytes are only read
    const at::Tensor bytes = at::from_blob(const_cast<std::uint8_t*>(rgb.data()), {slots, side, side, 3}, at::kByte);
    at::Tensor x = bytes.to(placement_.device).permute({0, 3, 1, 2}).to(at::kFloat);
    if (const std::int64_t size = preprocessing_.resize_px; size != 0 && size != side)
      x = at::_upsample_bilinear2d_aa(x, {size, size}, false).round_().clamp_(0, 255);
    const auto per_channel = [&](const std::array<float, 3>& values) {
      return at::tensor(at::ArrayRef<float>(values)).reshape({1, 3, 1, 1}).to(placement_.device);
    };
    return x.div_(255).sub_(per_channel(preprocessing_.mean)).div_(per_channel(preprocessing_.std)).to(placement_.dtype);
  }

  EncoderFacts facts_;
  Preprocessing preprocessing_;
  Placement placement_;
  Network network_;
};

at::Device cuda_device(const std::string& name) {
  const int visible = static_cast<int>(torch::cuda::device_count());
  if (visible == 0) throw ModelError(fmt::format("{}: wanted a CUDA device: none is visible: use --device cpu", name));
  const std::string number = name == "cuda" ? "0" : name.substr(5);
  const bool count =
      !number.empty() && number.size() < 4 && std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!count || std::stoi(number) >= visible)
    throw ModelError(
        fmt::format("{}: wanted a CUDA device from cuda:0 to cuda:{}: there is no such one: choose another", name, visible - 1));
  // Results may differ from the CPU's in the last bits, not from run to run.
  at::globalContext().setAllowTF32CuDNN(false);
  at::globalContext().setAllowTF32CuBLAS(false);
  at::globalContext().setDeterministicCuDNN(true);
  at::globalContext().setBenchmarkCuDNN(false);
  return at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(std::stoi(number)));
}

at::Device choose_device(const std::string& name) {
  if (name == "auto") return torch::cuda::is_available() ? cuda_device("cuda") : at::Device(at::kCPU);
  if (name == "cpu") return at::kCPU;
  if (name == "cuda" || name.starts_with("cuda:")) return cuda_device(name);
  throw ModelError(fmt::format("{}: wanted a device: auto, cpu, cuda or cuda:N: there is no such one: choose one of these", name));
}

at::ScalarType choose_precision(const std::string& name, const at::Device& device) {
  if (name == "auto" || name == "float32") return at::kFloat;
  const bool half = name == "float16" || name == "bfloat16";
  if (half && device.is_cuda()) return name == "float16" ? at::kHalf : at::kBFloat16;
  throw ModelError(fmt::format("{}: wanted a precision: {}: use --precision float32", name,
                               half ? "on a CPU this version computes in float32 only" : "there is auto, float32, float16, bfloat16"));
}

struct Loaded {
  EncoderFacts facts;
  Preprocessing preprocessing;
  Network network;
};

Loaded load_builtin(const EncoderSettings& settings, const Placement& placement) {
  Loaded loaded;
  loaded.facts.name = settings.name;
  if (settings.random_weights) {
    loaded.facts.format = "builtin";
    loaded.facts.random_weights = true;
    loaded.facts.sha256 = sha256_of_text(fmt::format("random {} seed {} v1", settings.name, settings.seed));
    loaded.network = make_resnet(settings.name, random_resnet_weights(settings.name, settings.seed), settings.name, placement);
  } else {
    loaded.facts.format = "safetensors";
    loaded.network = make_resnet(settings.name, read_safetensors(settings.weights), settings.weights.string(), placement);
    loaded.facts.sha256 = sha256_of_file(settings.weights);
  }
  return loaded;
}

/// timm writes "resnet50.tv_in1k": network, dot, training recipe.
std::string builtin_of(const EncoderCard& card) {
  const std::string name = card.architecture.substr(0, card.architecture.find('.'));
  if (!is_resnet(name))
    throw ModelError(fmt::format("{}: wanted 'architecture' among {} for a safetensors file: found '{}': export the model as TorchScript",
                                 card.weights.string(), builtin_encoder_names(), card.architecture));
  return name;
}

Loaded load_folder(const fs::path& folder, int tile_px, const Placement& placement) {
  const EncoderCard card = read_encoder_card(folder);
  if (tile_px != card.tile_px)
    throw ModelError(fmt::format("{}: wanted tiles of {} px, as config.json says: the run is set to {} px: use --tile-px {}",
                                 folder.string(), card.tile_px, tile_px, card.tile_px));
  Loaded loaded{{card.name, card.format, card.sha256}, card.preprocessing, {}};
  loaded.facts.feature_dim = card.feature_dim;
  loaded.facts.tile_px = card.tile_px;
  loaded.facts.mpp = card.mpp;
  loaded.network = card.format == "torchscript"
                       ? load_torchscript(card.weights, placement)
                       : make_resnet(builtin_of(card), read_safetensors(card.weights), card.weights.string(), placement);
  return loaded;
}

void check_settings(const EncoderSettings& settings, int tile_px) {
  const std::string& name = settings.name;
  const bool weights = !settings.weights.empty();
  if (tile_px < kMinTilePx)
    throw ModelError(fmt::format("{}: wanted tiles of at least {} px: found {}: use --tile-px", name, kMinTilePx, tile_px));
  if (!is_resnet(name) && !fs::is_directory(name))
    throw ModelError(fmt::format("{}: wanted an encoder: {}, or a folder with config.json: there is no such folder: check --encoder", name,
                                 builtin_encoder_names()));
  if (!is_resnet(name) && (weights || settings.random_weights))
    throw ModelError(fmt::format("{}: wanted the folder's own weights: --encoder.{} goes with a built-in: leave it out", name,
                                 weights ? "weights" : "random_weights"));
  if (weights && settings.random_weights)
    throw ModelError(
        fmt::format("{}: wanted one kind of weights: --encoder.weights and --encoder.random_weights are both given: keep one", name));
  if (is_resnet(name) && !weights && !settings.random_weights)
    throw ModelError(
        fmt::format("{}: wanted weights: a built-in encoder without weights gives meaningless features: give --encoder.weights "
                    "FILE.safetensors, or --encoder.random_weights for a rehearsal",
                    name));
}

}  // namespace

std::shared_ptr<const Encoder> load_encoder(const EncoderSettings& settings, int tile_px) {
  check_settings(settings, tile_px);
  Placement placement{choose_device(settings.device), at::kFloat};
  placement.dtype = choose_precision(settings.precision, placement.device);
  Loaded loaded = is_resnet(settings.name) ? load_builtin(settings, placement) : load_folder(settings.name, tile_px, placement);
  loaded.facts.device = placement.device.str();
  loaded.facts.precision = placement.dtype == at::kFloat ? "float32" : placement.dtype == at::kHalf ? "float16" : "bfloat16";
  auto encoder = std::make_shared<TorchEncoder>(std::move(loaded.facts), loaded.preprocessing, placement, std::move(loaded.network));
  encoder->dry_pass(tile_px);
  return encoder;
}

const char* builtin_encoder_names() { return "resnet18, resnet50, resnet50-trunc"; }

std::string torch_version() { return TORCH_VERSION; }

std::string torch_devices() {
  const auto visible = torch::cuda::device_count();
  return fmt::format("cpu ({}){}", at::get_cpu_capability(), visible == 0 ? std::string() : fmt::format(", {} x cuda", visible));
}

}  // namespace microtome
