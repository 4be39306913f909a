// SPDX-License-Identifier: Apache-2.0
// From settings to an encoder that has proved itself on a dry pass.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <torch/cuda.h>
#include <torch/version.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "mil/allowed_models.h"
#include "mil/encoders/encoder.h"
#include "mil/encoders/encoder_card.h"
#include "mil/encoders/network.h"
#include "mil/encoders/placement.h"
#include "mil/encoders/torch_encoder.h"
#include "mil/model_error.h"
#include "mil/sha256.h"

namespace microtome {
namespace {

namespace fs = std::filesystem;

constexpr int kMinTilePx = 32;       // a ResNet divides the side by 32
constexpr int kLanesPerDevice = 2;   // one batch is copied while the other is computed

/// What loading adds to step by step.
struct Loading {
  const EncoderSettings& settings;
  const EncoderUse& use;
  TorchEncoder::Parts parts;
  std::optional<Golden> golden;

  Placement placement(std::size_t device, at::ScalarType precision) const { return {parts.devices[device], precision, parts.lanes}; }
};

void note(EncoderFacts& facts, const std::string& sentence) {
  if (!sentence.empty()) facts.note += (facts.note.empty() ? "" : "; ") + sentence;
}

void settle_precision(Loading& loading, const std::string& of_card, at::ScalarType& type) {
  const Precision precision = choose_precision(loading.settings.precision, of_card, loading.parts.devices.front());
  type = precision.type;
  loading.parts.facts.precision = precision_name(type);
  note(loading.parts.facts, precision.note);
}

/// One network a device.
template <class Load>
void load_networks(Loading& loading, at::ScalarType precision, Load load) {
  for (std::size_t i = 0; i < loading.parts.devices.size(); ++i) loading.parts.networks.push_back(load(loading.placement(i, precision)));
}

void load_builtin(Loading& loading) {
  const EncoderSettings& settings = loading.settings;
  EncoderFacts& facts = loading.parts.facts;
  at::ScalarType precision{};
  facts.name = settings.name;
  settle_precision(loading, "", precision);
  NamedTensors weights;
  std::string source = settings.name;
  if (settings.random_weights) {
    facts.format = "builtin";
    facts.random_weights = true;
    facts.sha256 = sha256_of_text(fmt::format("random {} seed {} v1", settings.name, settings.seed));
    require_allowed(loading.use.allowed, settings.name, facts.sha256);
    weights = random_resnet_weights(settings.name, settings.seed);
  } else {
    facts.format = "safetensors";
    source = settings.weights.string();
    weights = read_safetensors(settings.weights);  // data, no code: its sentence about a missing file comes first
    facts.sha256 = verified_sha256({"safetensors", "", settings.weights, ""});
    require_allowed(loading.use.allowed, settings.weights, facts.sha256);
  }
  load_networks(loading, precision, [&](const Placement& at) { return make_resnet(settings.name, weights, source, at); });
}

/// timm writes "resnet50.tv_in1k": network, dot, training recipe.
std::string builtin_of(const EncoderCard& card, const fs::path& weights) {
  const std::string name = card.architecture.substr(0, card.architecture.find('.'));
  if (!is_resnet(name))
    throw ModelError(fmt::format("{}: wanted 'architecture' among {} for a safetensors file: found '{}': export the model as TorchScript",
                                 weights.string(), builtin_encoder_names(), card.architecture));
  return name;
}

struct ChosenFile {
  ModelFile file;
  std::optional<PackageFacts> package;
};

/// The first file of the wanted form that fits device, torch, processor and precision.
ChosenFile choose_file(const Loading& loading, const fs::path& folder, const EncoderCard& card, at::ScalarType precision, EncoderFacts& facts) {
  const std::string form = loading.settings.form != "auto" ? loading.settings.form : card.format;
  std::string passed_over;
  for (const ModelFile& file : card.files) {
    if (!form.empty() && file.form != form) continue;
    if (file.form != "pt2") {
      note(facts, passed_over);
      return {file, std::nullopt};
    }
    const PackageFacts package = read_package_facts(file.path);
    const std::string misfit = package_misfit(package, loading.placement(0, precision));
    if (misfit.empty()) return {file, package};
    if (!passed_over.empty()) passed_over += "; ";
    passed_over += fmt::format("{} was passed over: {}", file.path.filename().string(), misfit);
  }
  throw ModelError(fmt::format("{}: wanted a model file{}: {}: export the model for this use", folder.string(),
                               form.empty() ? "" : " of the form " + form, passed_over.empty() ? "there is none" : passed_over));
}

void take_card(Loading& loading, const fs::path& folder, const EncoderCard& card) {
  if (loading.use.tile_px != card.tile_px)
    throw ModelError(fmt::format("{}: wanted tiles of {} px, as config.json says: the run is set to {} px: use --tile-px {}",
                                 folder.string(), card.tile_px, loading.use.tile_px, card.tile_px));
  EncoderFacts& facts = loading.parts.facts;
  facts.name = card.name;
  facts.feature_dim = card.feature_dim;
  facts.tile_px = card.tile_px;
  facts.mpp = card.mpp;
  facts.classes = card.classes;
  loading.parts.preprocessing = card.preprocessing;
  loading.parts.rule = {card.pooling, card.prefix_tokens, card.output == OutputKind::classes};
}

void load_folder(Loading& loading, const fs::path& folder) {
  const EncoderCard card = read_encoder_card(folder);
  take_card(loading, folder, card);
  EncoderFacts& facts = loading.parts.facts;
  at::ScalarType precision{};
  settle_precision(loading, card.precision, precision);
  const ChosenFile chosen = choose_file(loading, folder, card, precision, facts);
  facts.format = chosen.file.form;
  facts.sha256 = verified_sha256(chosen.file);
  require_allowed(loading.use.allowed, chosen.file.path, facts.sha256);
  if (!card.golden.empty()) loading.golden = read_golden(card.golden, card.tile_px);
  if (chosen.package) {
    load_networks(loading, precision, [&](const Placement& at) { return load_package(chosen.file.path, *chosen.package, at); });
  } else if (chosen.file.form == "torchscript") {
    load_networks(loading, precision, [&](const Placement& at) { return load_torchscript(chosen.file.path, at); });
  } else {
    const std::string name = builtin_of(card, chosen.file.path);
    const NamedTensors weights = read_safetensors(chosen.file.path);
    load_networks(loading, precision, [&](const Placement& at) { return make_resnet(name, weights, chosen.file.path.string(), at); });
  }
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
  const auto& form = settings.form;
  if (form != "auto" && form != "pt2" && form != "torchscript" && form != "safetensors")
    throw ModelError(fmt::format("{}: wanted a form of the model: there is auto, pt2, torchscript, safetensors: choose one of these", form));
}

}  // namespace

std::shared_ptr<const Encoder> load_encoder(const EncoderSettings& settings, const EncoderUse& use) {
  check_settings(settings, use.tile_px);
  Loading loading{settings, use, {}, std::nullopt};
  TorchEncoder::Parts& parts = loading.parts;
  parts.devices = choose_devices(settings.device);
  const bool on_cpu = parts.devices.front().is_cpu();
  parts.lanes = on_cpu ? std::max(1, use.threads) : kLanesPerDevice;
  parts.tile_px = use.tile_px;
  parts.facts.device = devices_name(parts.devices);
  parts.facts.lanes = on_cpu ? 0 : kLanesPerDevice * static_cast<int>(parts.devices.size());
  is_resnet(settings.name) ? load_builtin(loading) : load_folder(loading, settings.name);
  const std::string rule = row_rule_text(parts.rule);
  parts.facts.preprocessing = preprocessing_text(parts.preprocessing) + (rule.empty() ? "" : "; " + rule);
  auto encoder = std::make_shared<TorchEncoder>(std::move(parts));
  encoder->prove(loading.golden, use.batch);
  return encoder;
}

std::optional<GoldenTiles> golden_tiles(const EncoderSettings& settings) {
  if (is_resnet(settings.name)) return std::nullopt;
  const EncoderCard card = read_encoder_card(settings.name);
  if (card.golden.empty()) return std::nullopt;
  const Golden golden = read_golden(card.golden, card.tile_px);
  const at::Tensor tiles = golden.tiles.contiguous(), rows = golden_rows(golden, {Pooling::none, 1, card.output == OutputKind::classes}).contiguous();
  const auto* bytes = tiles.data_ptr<std::uint8_t>();
  const auto* numbers = rows.data_ptr<float>();
  return GoldenTiles{static_cast<int>(tiles.size(0)), {bytes, bytes + tiles.numel()}, {numbers, numbers + rows.numel()}};
}

int suggested_batch(const std::string& device) { return choose_devices(device).front().is_cpu() ? 16 : 128; }

std::vector<std::string> model_forms(const EncoderSettings& settings) {
  if (is_resnet(settings.name) || !fs::is_directory(settings.name)) return {"auto"};
  std::vector<std::string> forms;
  for (const ModelFile& file : read_encoder_card(settings.name).files)
    if (std::find(forms.begin(), forms.end(), file.form) == forms.end()) forms.push_back(file.form);
  return forms;
}

EncoderTiles encoder_tiles(const EncoderSettings& settings) {
  if (is_resnet(settings.name) || !fs::is_directory(settings.name)) return {};
  const EncoderCard card = read_encoder_card(settings.name);
  return {card.tile_px, card.mpp};
}

const char* builtin_encoder_names() { return "resnet18, resnet34, resnet50, resnet50-trunc"; }

bool is_builtin_encoder(const std::string& name) { return is_resnet(name); }

std::string torch_version() { return TORCH_VERSION; }

std::string torch_devices() {
  const auto visible = torch::cuda::device_count();
  return fmt::format("cpu ({}){}", at::get_cpu_capability(), visible == 0 ? std::string() : fmt::format(", {} x cuda", visible));
}

}  // namespace microtome
