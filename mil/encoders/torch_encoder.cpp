// SPDX-License-Identifier: Apache-2.0
#include "mil/encoders/torch_encoder.h"

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "mil/model_error.h"

namespace microtome {
namespace {

/// Torch keeps the thread count per thread (OpenMP): each lane says once that it works alone. Batches give the parallelism, and
/// intra-op splits would change a feature's last bits with the number of cores.
void work_alone() {
  thread_local const bool alone = [] {
    at::set_num_threads(1);
    return true;
  }();
  static_cast<void>(alone);
}

at::Tensor as_tiles(std::span<const std::uint8_t> rgb, std::int64_t tiles, std::int64_t side) {
  // from_blob wants a pointer to non-const; the bytes are only read
  return at::from_blob(const_cast<std::uint8_t*>(rgb.data()), {tiles, side, side, 3}, at::kByte);
}

}  // namespace

TorchEncoder::TorchEncoder(Parts parts) : parts_(std::move(parts)) {
  for (std::size_t i = 0; i < parts_.devices.size(); ++i)
    images_.emplace_back(parts_.preprocessing, parts_.tile_px, parts_.devices[i], parts_.networks[i].input);
  const bool divisible = parts_.networks.front().batch == 0;
  slots_ = std::make_unique<DeviceSlots>(
      parts_.devices, parts_.lanes, divisible,
      [this](std::size_t device, const at::Tensor& tiles, std::int64_t pass) { return forward(device, tiles, pass); });
}

void TorchEncoder::encode(std::span<const std::uint8_t> rgb, int slots, int tile_px, std::span<float> features) const {
  const EncoderFacts& facts = parts_.facts;
  if (tile_px != parts_.tile_px)
    throw ModelError(fmt::format("{}: wanted tiles of {} px: found {}", facts.name, parts_.tile_px, tile_px));
  if (slots < 1 || rgb.size() != std::size_t(slots) * tile_px * tile_px * 3)
    throw ModelError(fmt::format("{}: wanted {} tiles of {} px: found {} bytes", facts.name, slots, tile_px, rgb.size()));
  if (features.size() != static_cast<std::size_t>(slots * facts.feature_dim))
    throw ModelError(fmt::format("{}: wanted room for {} x {} features: found {}", facts.name, slots, facts.feature_dim, features.size()));
  const at::Tensor found = rows(as_tiles(rgb, slots, tile_px));
  std::memcpy(features.data(), found.data_ptr<float>(), features.size_bytes());
}

at::Tensor TorchEncoder::rows(const at::Tensor& tiles) const {
  if (parts_.devices.front().is_cpu()) work_alone();
  try {
    return slots_->run(tiles);
  } catch (const ModelError&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const c10::OutOfMemoryError& e) {
    throw ModelError(fmt::format("{}: wanted room on {} for one pass of its network: {}: use a smaller model, or --device cpu", parts_.facts.name,
                                 parts_.facts.device, first_line_of(e)));
  } catch (const std::exception& e) {
    throw ModelError(fmt::format("{}: wanted the features of {} tiles of {} px: {}: check the model, or lower --batch", parts_.facts.name,
                                 tiles.size(0), parts_.tile_px, first_line_of(e)));
  }
}

at::Tensor TorchEncoder::forward(std::size_t device, const at::Tensor& tiles, std::int64_t pass) const {
  const std::int64_t fixed = parts_.networks[device].batch;
  if (fixed != 0) pass = fixed;
  if (tiles.size(0) == pass) return one_pass(device, tiles, pass).contiguous();
  std::vector<at::Tensor> parts;
  for (std::int64_t first = 0; first < tiles.size(0); first += pass)
    parts.push_back(one_pass(device, tiles.slice(0, first, std::min(first + pass, tiles.size(0))), pass));
  return at::cat(parts);
}

at::Tensor TorchEncoder::one_pass(std::size_t device, const at::Tensor& tiles, std::int64_t pass) const {
  const std::int64_t count = tiles.size(0);
  at::Tensor images = images_[device](tiles);
  if (count < pass) {  // every pass has the same shape, or the last bits would depend on how many tiles came together
    at::Tensor padded = at::empty({pass, 3, images.size(2), images.size(3)}, images.options(), at::MemoryFormat::ChannelsLast).zero_();
    padded.slice(0, 0, count).copy_(images);
    images = std::move(padded);
  }
  return make_rows(parts_.networks[device].forward(images), pass, parts_.rule, parts_.facts.name).slice(0, 0, count);
}

void TorchEncoder::prove(const std::optional<Golden>& golden, int batch) {
  const std::int64_t side = parts_.tile_px;
  at::Tensor tiles = golden ? golden->tiles.slice(0, 0, 2) : at::empty({2, side, side, 3}, at::kByte);
  if (!golden) {
    auto* bytes = tiles.data_ptr<std::uint8_t>();
    for (std::int64_t i = 0; i < tiles.numel(); ++i) bytes[i] = static_cast<std::uint8_t>(i % 251);
  }
  prove_on(tiles, golden);
  if (parts_.devices.front().is_cpu()) return;
  const at::Tensor full = at::zeros({batch, side, side, 3}, at::kByte);
  for (std::size_t warm = 0; warm < parts_.devices.size(); ++warm) rows(full);
}

void TorchEncoder::prove_on(const at::Tensor& tiles, const std::optional<Golden>& golden) {
  const at::Tensor found = rows(tiles);
  // of real tiles, a value that is not finite is one slide's matter and is judged there
  if (!at::isfinite(found).all().item<bool>())
    throw ModelError(fmt::format("{}: wanted finite features: found NaN or infinity in a trial batch: use --precision float32", parts_.facts.name));
  settle_dimension(found);
  if (!golden) return;
  const Deviation deviation = deviation_of(found, golden_rows(*golden, parts_.rule));
  const bool exact = parts_.facts.precision == "float32";
  // what a lower precision costs about the mean depends on how alike the golden tiles are: no reason to refuse a model
  const double wanted = exact ? 0.9999 : 0.99, about_mean = exact ? 0.99 : -1;
  if (!(deviation.least_cosine >= wanted && deviation.least_about_mean >= about_mean))
    throw ModelError(fmt::format("{}: wanted the outputs of its golden.safetensors, with a cosine of at least {}{}: found {:.6f} and {:.6f}: card, "
                                 "model file and golden do not belong together: export the model again",
                                 parts_.facts.name, wanted, exact ? fmt::format(", and {} about the tiles' mean", about_mean) : "",
                                 deviation.least_cosine, deviation.least_about_mean));
}

void TorchEncoder::settle_dimension(const at::Tensor& rows) {
  EncoderFacts& facts = parts_.facts;
  const std::int64_t found = rows.size(1);
  if (facts.is_classifier() && found != static_cast<std::int64_t>(facts.classes.size()))
    throw ModelError(fmt::format("{}: wanted {} classes, as config.json says: the network gives {} numbers: correct 'class_names', or say "
                                 "\"output\": \"features\" in microtome.json",
                                 facts.name, facts.classes.size(), found));
  if (facts.feature_dim != 0 && facts.feature_dim != found)
    throw ModelError(fmt::format("{}: wanted {} features per tile, as microtome.json says: the network gives {}: correct 'feature_dim'",
                                 facts.name, facts.feature_dim, found));
  facts.feature_dim = found;
}

Golden read_golden(const std::filesystem::path& path, int tile_px) {
  const NamedTensors tensors = read_safetensors(path);
  const auto tiles = tensors.find("tiles"), outputs = tensors.find("outputs");
  const bool there = tiles != tensors.end() && outputs != tensors.end();
  const bool right = there && tiles->second.scalar_type() == at::kByte && tiles->second.dim() == 4 && tiles->second.size(0) >= 1 &&
                     tiles->second.sizes().slice(1) == at::IntArrayRef({tile_px, tile_px, 3}) && outputs->second.scalar_type() == at::kFloat &&
                     outputs->second.dim() == 2 && outputs->second.size(0) == tiles->second.size(0);
  if (!right)
    throw ModelError(fmt::format("{}: wanted 'tiles' U8 [n, {}, {}, 3] and 'outputs' F32 [n, features]: {}: export the model again",
                                 path.string(), tile_px, tile_px,
                                 there ? fmt::format("found {} and {}", c10::str(tiles->second.sizes()), c10::str(outputs->second.sizes()))
                                       : std::string("one of them is missing")));
  return {tiles->second, outputs->second};
}

namespace {

double least_cosine(const at::Tensor& a, const at::Tensor& b) {
  return ((a * b).sum(1) / (a.norm(2, 1) * b.norm(2, 1))).min().item<double>();
}

}  // namespace

Deviation deviation_of(const at::Tensor& rows, const at::Tensor& golden_rows) {
  if (rows.size(1) != golden_rows.size(1))
    throw ModelError(fmt::format("golden.safetensors: wanted outputs of shape {}, as the network gives: found {}: export the model again",
                                 c10::str(rows.sizes()), c10::str(golden_rows.sizes())));
  const at::Tensor all = golden_rows.to(at::kDouble), mean = all.mean(0, true);
  const at::Tensor a = rows.to(at::kDouble), b = all.slice(0, 0, rows.size(0));
  const double about_mean = all.size(0) > 1 ? least_cosine(a - mean, b - mean) : 1;
  return {least_cosine(a, b), about_mean, ((a - b).abs().max() / b.abs().max()).item<double>()};
}

at::Tensor golden_rows(const Golden& golden, const RowRule& rule) {
  return make_rows(golden.outputs, golden.outputs.size(0), {Pooling::none, 1, rule.probabilities}, "golden.safetensors");
}

}  // namespace microtome
