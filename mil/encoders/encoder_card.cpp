// SPDX-License-Identifier: Apache-2.0
// Reads encoder folders. A card decides what features mean, so a key that is not understood is refused, not skipped.
#include "mil/encoders/encoder_card.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string_view>

#include "mil/model_error.h"
#include "mil/sha256.h"

namespace microtome {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int kMaxSide = 16384;  // beyond any published encoder; keeps a typing error from asking for all memory

constexpr const char* kTorchScriptFile = "torchscript_model.pt";
constexpr const char* kSafetensorsFile = "model.safetensors";

[[noreturn]] void refuse(const fs::path& file, std::string_view wanted, std::string_view found) {
  throw ModelError(fmt::format("{}: wanted {}: {}: correct the file", file.string(), wanted, found));
}

json read_object(const fs::path& file) {
  std::ifstream stream(file);
  if (!stream) throw ModelError(fmt::format("{}: wanted an encoder card: it cannot be opened: check the folder", file.string()));
  try {
    json object = json::parse(stream);
    if (object.is_object()) return object;
  } catch (const json::exception& e) {
    refuse(file, "a JSON object", e.what());
  }
  refuse(file, "a JSON object", "it is something else");
}

std::string found_text(const json& object, const char* key) {
  return object.contains(key) ? fmt::format("found {}", object[key].dump()) : std::string("it is missing");
}

bool is_side(const json& value) { return value.is_number_unsigned() && value >= 1 && value <= kMaxSide; }

int read_side(const fs::path& file, const json& object, const char* key) {
  if (!object.contains(key) || !is_side(object[key]))
    refuse(file, fmt::format("'{}' as a whole number from 1 to {}", key, kMaxSide), found_text(object, key));
  return object[key].get<int>();
}

std::string read_text(const fs::path& file, const json& object, const char* key) {
  if (!object.contains(key)) return "";
  if (!object[key].is_string()) refuse(file, fmt::format("'{}' as text", key), found_text(object, key));
  return object[key].get<std::string>();
}

void refuse_other_keys(const fs::path& file, const json& object, std::string_view where, std::initializer_list<std::string_view> known) {
  for (const auto& [key, value] : object.items())
    if (std::find(known.begin(), known.end(), key) == known.end())
      refuse(file, fmt::format("in {} only {}", where, fmt::join(known, ", ")), fmt::format("found '{}'", key));
}

std::array<float, 3> read_three(const fs::path& file, const json& arguments, const char* key, bool positive) {
  std::array<float, 3> three{};
  const bool right = arguments.contains(key) && arguments[key].is_array() && arguments[key].size() == 3;
  for (std::size_t i = 0; right && i < 3; ++i) {
    const json& value = arguments[key][i];
    if (!value.is_number() || (positive && value <= 0))
      refuse(file, fmt::format("numbers{} in Normalize '{}'", positive ? " above 0" : "", key), found_text(arguments, key));
    three[i] = value.get<float>();
  }
  if (!right) refuse(file, fmt::format("three numbers in Normalize '{}'", key), found_text(arguments, key));
  return three;
}

int read_resize(const fs::path& file, const json& arguments) {
  refuse_other_keys(file, arguments, "Resize", {"size", "interpolation", "antialias"});
  if (arguments.contains("interpolation") && arguments["interpolation"] != "bilinear")
    refuse(file, "Resize with interpolation 'bilinear'", found_text(arguments, "interpolation"));
  if (arguments.contains("antialias") && arguments["antialias"] != true)
    refuse(file, "Resize with antialias", found_text(arguments, "antialias"));
  const json size = arguments.value("size", json());
  if (!size.is_array()) return read_side(file, arguments, "size");
  const bool square = (size.size() == 1 || (size.size() == 2 && size[0] == size[1])) && is_side(size[0]);
  if (!square) refuse(file, "a square Resize 'size', as tiles are square", found_text(arguments, "size"));
  return size[0].get<int>();
}

/// Place in the only order understood; each step may come once, and later ones not before earlier ones.
int place_of(const fs::path& file, const std::string& name) {
  if (name == "Resize") return 1;
  if (name == "ToTensor") return 2;
  if (name == "Normalize") return 3;
  refuse(file, "the transforms Resize, ToTensor and Normalize", fmt::format("found '{}'", name));
}

Preprocessing read_transform(const fs::path& file, const json& config) {
  if (!config.contains("transform") || !config["transform"].is_array())
    refuse(file, "'transform' as a list", found_text(config, "transform"));
  Preprocessing preprocessing{0, {0, 0, 0}, {1, 1, 1}};
  int place = 0;
  bool to_tensor = false;
  for (const json& step : config["transform"]) {
    if (!step.is_object()) refuse(file, "each transform as an object", fmt::format("found {}", step.dump()));
    const std::string name = read_text(file, step, "name");
    const json given = step.value("arguments", json());
    const json arguments = given.is_object() ? given : json::object();
    if (place_of(file, name) <= place)
      refuse(file, "the order Resize, ToTensor, Normalize", fmt::format("found '{}' behind a later step", name));
    place = place_of(file, name);
    to_tensor = to_tensor || name == "ToTensor";
    if (name == "Resize") preprocessing.resize_px = read_resize(file, arguments);
    if (name == "Normalize") preprocessing.mean = read_three(file, arguments, "mean", false);
    if (name == "Normalize") preprocessing.std = read_three(file, arguments, "std", true);
  }
  if (!to_tensor) refuse(file, "ToTensor among the transforms", "it is missing");
  return preprocessing;
}

void read_config(EncoderCard& card, const fs::path& file) {
  const json config = read_object(file);
  card.architecture = read_text(file, config, "architecture");
  card.tile_px = read_side(file, config, "patch_size_pixels");
  if (!config.contains("spacing_um_px") || !config["spacing_um_px"].is_number() || config["spacing_um_px"] <= 0)
    refuse(file, "'spacing_um_px' as a positive number", found_text(config, "spacing_um_px"));
  card.mpp = config["spacing_um_px"].get<double>();
  card.preprocessing = read_transform(file, config);
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

void read_own_keys(EncoderCard& card, const fs::path& file) {
  const json own = read_object(file);
  refuse_other_keys(file, own, "microtome.json", {"name", "architecture", "format", "feature_dim", "sha256", "licence"});
  if (own.contains("name")) card.name = read_text(file, own, "name");
  if (own.contains("architecture")) card.architecture = read_text(file, own, "architecture");
  card.format = read_text(file, own, "format");
  card.sha256 = lower(read_text(file, own, "sha256"));
  if (own.contains("feature_dim") && (!own["feature_dim"].is_number_unsigned() || own["feature_dim"] < 1))
    refuse(file, "'feature_dim' as a whole number from 1 on", found_text(own, "feature_dim"));
  card.feature_dim = own.value("feature_dim", std::int64_t{0});
  if (!card.format.empty() && card.format != "torchscript" && card.format != "safetensors")
    refuse(file, "'format' torchscript or safetensors", found_text(own, "format"));
}

void find_weights(EncoderCard& card, const fs::path& folder) {
  const auto there = [&](const char* format, const char* file) {
    return (card.format.empty() || card.format == format) && fs::exists(folder / file);
  };
  if (there("torchscript", kTorchScriptFile)) {
    card.format = "torchscript";
    card.weights = folder / kTorchScriptFile;
  } else if (there("safetensors", kSafetensorsFile)) {
    card.format = "safetensors";
    card.weights = folder / kSafetensorsFile;
  } else {
    const bool package = fs::exists(folder / "model.pt2");
    throw ModelError(fmt::format(
        "{}: wanted {} or {}: {}: export the model in one of these formats", folder.string(), kTorchScriptFile, kSafetensorsFile,
        package ? "there is only model.pt2, and this build does not run AOTInductor packages yet" : "there is none"));
  }
}

void verify_weights(EncoderCard& card) {
  const std::string found = sha256_of_file(card.weights);
  if (!card.sha256.empty() && card.sha256 != found)
    throw ModelError(fmt::format("{}: wanted sha256 {}, as microtome.json says: found {}: take the file that belongs to the card",
                                 card.weights.string(), card.sha256, found));
  card.sha256 = found;
}

}  // namespace

EncoderCard read_encoder_card(const fs::path& folder) {
  EncoderCard card;
  card.name = fs::absolute(folder / "config.json").lexically_normal().parent_path().filename().string();
  read_config(card, folder / "config.json");
  if (fs::exists(folder / "microtome.json")) read_own_keys(card, folder / "microtome.json");
  find_weights(card, folder);
  verify_weights(card);
  return card;
}

}  // namespace microtome
