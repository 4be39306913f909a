// SPDX-License-Identifier: Apache-2.0
// Reads encoder folders. A card decides what features mean, so a key of ours that is not understood is refused, not skipped.
#include "mil/encoders/encoder_card.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <limits>
#include <set>

#include "mil/encoders/card_object.h"
#include "mil/encoders/card_transform.h"
#include "mil/model_error.h"
#include "mil/sha256.h"

namespace microtome {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMaxCount = std::numeric_limits<std::int32_t>::max();
constexpr const char* kConfigFile = "config.json";
constexpr const char* kOwnFile = "microtome.json";
constexpr const char* kGoldenFile = "golden.safetensors";

struct KnownFile {
  const char* form;
  const char* device;
  const char* name;
};
constexpr KnownFile kModelFiles[] = {{"pt2", "cpu", "model.cpu.pt2"},
                                     {"pt2", "cuda", "model.cuda.pt2"},
                                     {"pt2", "", "model.pt2"},
                                     {"torchscript", "", "torchscript_model.pt"},
                                     {"safetensors", "", "model.safetensors"}};

std::vector<std::string> read_class_names(const CardObject& config) {
  if (!config.has("class_names")) return {};
  std::vector<std::string> classes = config.texts("class_names");
  if (classes.empty()) config.refuse_value("class_names", "'class_names' as a list of texts");
  std::set<std::string> seen;
  for (const std::string& name : classes)
    if (!seen.insert(name).second) config.refuse("'class_names' that differ", fmt::format("found '{}' twice", name));
  return classes;
}

void read_classes(EncoderCard& card, const CardObject& config) {
  card.classes = read_class_names(config);
  if (!config.has("num_classes")) return;
  const std::int64_t count = config.count("num_classes", 1, kMaxCount);
  if (!card.classes.empty() && count != static_cast<std::int64_t>(card.classes.size()))
    config.refuse(fmt::format("{} 'class_names', as 'num_classes' says", count), fmt::format("found {}", card.classes.size()));
}

void read_config(EncoderCard& card, const CardObject& config) {
  card.architecture = config.text("architecture");
  read_classes(card, config);
  card.tile_px = static_cast<int>(config.count("patch_size_pixels", 1, kMaxSide));
  card.mpp = config.positive_number("spacing_um_px");
  card.preprocessing = read_transform(config, card.tile_px);
}

void read_pooling(EncoderCard& card, const CardObject& own) {
  const std::string text = own.choice("pooling", {"none", "class", "mean", "class+mean"});
  if (text == "class") card.pooling = Pooling::class_token;
  if (text == "mean") card.pooling = Pooling::mean;
  if (text == "class+mean") card.pooling = Pooling::class_and_mean;
  if (!own.has("prefix_tokens")) return;
  const bool class_token = card.pooling == Pooling::class_token || card.pooling == Pooling::class_and_mean;
  card.prefix_tokens = static_cast<int>(own.count("prefix_tokens", class_token ? 1 : 0, kMaxSide));
}

/// All keys but output and sha256, which speak of other files.
void read_own_keys(EncoderCard& card, const CardObject& own) {
  own.refuse_other_keys(kOwnFile, {"name", "architecture", "output", "feature_dim", "pooling", "prefix_tokens", "precision", "format",
                                   "sha256", "licence", "source"});
  if (const std::string name = own.text("name"); !name.empty()) card.name = name;
  if (const std::string name = own.text("architecture"); !name.empty()) card.architecture = name;
  if (own.has("feature_dim")) card.feature_dim = own.count("feature_dim", 1, kMaxCount);
  read_pooling(card, own);
  card.precision = own.choice("precision", {"float32", "float16", "bfloat16"});
  card.format = own.choice("format", {"pt2", "torchscript", "safetensors"});
  static_cast<void>(own.text("licence"));
  static_cast<void>(own.text("source"));
}

/// Without microtome.json a folder is a WSInfer model, and those with class names classify.
bool is_classifier(const EncoderCard& card, const CardObject& own, bool own_is_there) {
  const std::string output = own.choice("output", {"features", "classes"});
  return output == "classes" || (!own_is_there && !card.classes.empty());
}

void become_classifier(EncoderCard& card, const CardObject& config, const CardObject& own) {
  const auto count = static_cast<std::int64_t>(card.classes.size());
  if (count == 0) config.refuse("'class_names', as the output is classes", "it is missing");
  if (card.feature_dim != 0 && card.feature_dim != count)
    own.refuse_value("feature_dim", fmt::format("'feature_dim' {}, the number of classes", count));
  if (card.pooling != Pooling::none) own.refuse_value("pooling", "no 'pooling', as the output is classes");
  card.output = OutputKind::classes;
  card.feature_dim = count;
}

std::string names_of(const std::vector<ModelFile>& files) {
  std::vector<std::string> names;
  names.reserve(files.size());
  for (const ModelFile& file : files) names.push_back(file.path.filename().string());
  return fmt::format("{}", fmt::join(names, ", "));
}

void find_files(EncoderCard& card, const fs::path& folder) {
  for (const KnownFile& known : kModelFiles)
    if (fs::is_regular_file(folder / known.name)) card.files.push_back({known.form, known.device, folder / known.name, ""});
}

void check_files(const EncoderCard& card, const fs::path& folder) {
  const auto wanted = [&](const auto& file) { return card.format.empty() || card.format == file.form; };
  if (std::any_of(card.files.begin(), card.files.end(), wanted)) return;
  std::vector<ModelFile> names;
  for (const KnownFile& known : kModelFiles)
    if (wanted(known)) names.push_back({known.form, known.device, known.name, ""});
  if (card.files.empty())
    throw ModelError(fmt::format("{}: wanted a model file: {}: there is none: export the model in one of these forms", folder.string(),
                                 names_of(names)));
  throw ModelError(fmt::format("{}: wanted a model file of the 'format' in {}: {}: there is only {}: export the model, or correct 'format'",
                               folder.string(), kOwnFile, names_of(names), names_of(card.files)));
}

std::string read_sha256(const CardObject& object, const char* key) {
  const auto is_hex = [](unsigned char c) { return std::isxdigit(c) != 0; };
  std::string sum = object.text(key);
  if (sum.size() != 64 || !std::all_of(sum.begin(), sum.end(), is_hex))
    object.refuse_value(key, fmt::format("'{}' as 64 hexadecimal digits", key));
  std::transform(sum.begin(), sum.end(), sum.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return sum;
}

void read_sums(std::vector<ModelFile>& files, const CardObject& sums) {
  for (const std::string& name : sums.keys()) {
    const auto named = std::find_if(files.begin(), files.end(), [&](const ModelFile& file) { return file.path.filename() == name; });
    if (named == files.end())
      sums.refuse(fmt::format("in 'sha256' model files of the folder, {}", names_of(files)), fmt::format("found '{}'", name),
                  "correct the file, or add that model");
    named->sha256 = read_sha256(sums, name.c_str());
  }
}

void read_sum(std::vector<ModelFile>& files, const CardObject& own) {
  if (!own.has("sha256")) return;
  if (own.is_object("sha256")) return read_sums(files, own.object("sha256"));
  const std::string sum = read_sha256(own, "sha256");
  if (files.size() > 1)
    own.refuse("'sha256' as an object of file names, as there are several model files",
               fmt::format("found one text for {}", names_of(files)));
  files.front().sha256 = sum;
}

}  // namespace

EncoderCard read_encoder_card(const fs::path& folder) {
  EncoderCard card;
  card.name = fs::absolute(folder / kConfigFile).lexically_normal().parent_path().filename().string();
  const CardObject config = CardObject::read(folder / kConfigFile);
  const bool own_is_there = fs::exists(folder / kOwnFile);
  const CardObject own = own_is_there ? CardObject::read(folder / kOwnFile) : CardObject(folder / kOwnFile);
  read_config(card, config);
  read_own_keys(card, own);
  if (is_classifier(card, own, own_is_there))
    become_classifier(card, config, own);
  else
    card.classes.clear();
  find_files(card, folder);
  check_files(card, folder);
  read_sum(card.files, own);
  if (fs::exists(folder / kGoldenFile)) card.golden = folder / kGoldenFile;
  return card;
}

std::string verified_sha256(const ModelFile& file) {
  std::string found = sha256_of_file(file.path);
  if (!file.sha256.empty() && file.sha256 != found)
    throw ModelError(fmt::format("{}: wanted sha256 {}, as microtome.json says: found {}: take the file that belongs to the card",
                                 file.path.string(), file.sha256, found));
  return found;
}

}  // namespace microtome
