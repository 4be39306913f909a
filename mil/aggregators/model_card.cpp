// SPDX-License-Identifier: Apache-2.0
// Reads and writes model.json strictly: a card that is silently half understood would score patients with the wrong scaler.
#include "mil/aggregators/model_card.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "mil/model_error.h"

namespace microtome {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr std::int64_t schema_version = 1;
constexpr std::int64_t largest_size = std::int64_t{1} << 24;
constexpr const char* intended_use = "research use only";

/// One JSON object of the card; every getter names the key when it refuses.
class Fields {
 public:
  Fields(fs::path path, std::string prefix, const Json& object) : path_(std::move(path)), prefix_(std::move(prefix)), object_(object) {}

  Fields group(const char* key) const { return Fields(path_, prefix_ + key + ".", get(key, "an object", &Json::is_object)); }
  std::string text(const char* key) const { return get(key, "a text", &Json::is_string).get<std::string>(); }
  bool has(const char* key) const { return object_.contains(key); }
  bool flag(const char* key) const { return get(key, "true or false", &Json::is_boolean).get<bool>(); }
  std::string json(const char* key) const { return get(key, "an object", &Json::is_object).dump(); }

  std::int64_t integer(const char* key, std::int64_t low, std::int64_t high) const {
    const auto wanted = fmt::format("an integer from {} to {}", low, high);
    const auto& value = get(key, wanted, &Json::is_number_integer);
    const bool huge = value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(high);
    if (huge || value.get<std::int64_t>() < low || value.get<std::int64_t>() > high) refuse(key, wanted, value.dump());
    return value.get<std::int64_t>();
  }

  double number(const char* key) const {
    const auto& value = get(key, "a number of 0 or more", &Json::is_number);
    if (!(value.get<double>() >= 0)) refuse(key, "a number of 0 or more", value.dump());
    return value.get<double>();
  }

  std::vector<std::string> texts(const char* key) const { return list<std::string>(key, "a list of texts", &Json::is_string); }
  std::vector<double> numbers(const char* key) const { return list<double>(key, "a list of numbers", &Json::is_number); }

  [[noreturn]] void refuse(const std::string& key, const std::string& wanted, const std::string& found) const {
    throw ModelError(fmt::format("{}: key '{}{}' with {} was wanted: it holds {}: use the folder as 'microtome train' wrote it",
                                 path_.string(), prefix_, key, wanted, found.substr(0, 80)));
  }

 private:
  using Kind = bool (Json::*)() const noexcept;

  const Json& get(const char* key, const std::string& wanted, Kind is_wanted) const {
    const auto found = object_.find(key);
    if (found == object_.end())
      throw ModelError(fmt::format("{}: key '{}{}' with {} was wanted: it is missing: use the folder as 'microtome train' wrote it",
                                   path_.string(), prefix_, key, wanted));
    if (!((*found).*is_wanted)()) refuse(key, wanted, found->dump());
    return *found;
  }

  template <class T>
  std::vector<T> list(const char* key, const char* wanted, Kind is_wanted) const {
    std::vector<T> values;
    for (const auto& value : get(key, wanted, &Json::is_array)) {
      if (!(value.*is_wanted)()) refuse(key, wanted, value.dump());
      values.push_back(value.get<T>());
    }
    return values;
  }

  fs::path path_;
  std::string prefix_;
  const Json& object_;
};

std::string read_text(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in)
    throw ModelError(
        fmt::format("{}: a model card was wanted: the file cannot be opened: name a folder that 'microtome train' wrote", path.string()));
  return {std::istreambuf_iterator<char>(in), {}};
}

Json parse(const fs::path& path) {
  try {
    auto json = Json::parse(read_text(path));
    if (json.is_object()) return json;
  } catch (const Json::parse_error& error) {
    throw ModelError(
        fmt::format("{}: a JSON object was wanted: {}: use the folder as 'microtome train' wrote it", path.string(), error.what()));
  }
  throw ModelError(
      fmt::format("{}: a JSON object was wanted: it holds something else: use the folder as 'microtome train' wrote it", path.string()));
}

bool repeats(const std::vector<std::string>& names) { return std::set<std::string>(names.begin(), names.end()).size() != names.size(); }

void read_genomics(const Fields& fields, ModelCard& card) {
  card.genes = fields.texts("genes");
  card.gene_mean = fields.numbers("mean");
  card.gene_scale = fields.numbers("scale");
  card.gene_units = fields.text("units");
  card.genomic_dim = fields.integer("dim", 1, largest_size);
  const auto genes = card.genes.size();
  if (repeats(card.genes)) fields.refuse("genes", "each gene once", "a gene twice");
  if (card.gene_mean.size() != genes) fields.refuse("mean", fmt::format("{} numbers", genes), fmt::format("{}", card.gene_mean.size()));
  if (card.gene_scale.size() != genes) fields.refuse("scale", fmt::format("{} numbers", genes), fmt::format("{}", card.gene_scale.size()));
  const auto positive = [](double scale) { return scale > 0; };
  if (!std::all_of(card.gene_scale.begin(), card.gene_scale.end(), positive)) fields.refuse("scale", "positive numbers", "one that is not");
}

void read_sizes(const Fields& fields, ModelCard& card) {
  card.feature_dim = fields.integer("feature_dim", 1, largest_size);
  card.embed_dim = fields.integer("embed_dim", 1, largest_size);
  card.attention_dim = fields.integer("attention_dim", 1, largest_size);
  if (fields.has("top_k")) card.top_k = fields.integer("top_k", 1, largest_size);
}

void read_encoder(const Fields& fields, ModelCard& card) {
  card.encoder = fields.text("name");
  card.encoder_sha256 = fields.text("sha256");
  card.encoder_random_weights = fields.flag("random_weights");
}

void read_tiling(const Fields& fields, ModelCard& card) {
  card.tile_px = static_cast<int>(fields.integer("tile_px", 0, std::numeric_limits<int>::max()));
  card.mpp = fields.number("mpp");
}

Json sizes_json(const ModelCard& card) {
  Json sizes{{"feature_dim", card.feature_dim}, {"embed_dim", card.embed_dim}, {"attention_dim", card.attention_dim}};
  if (card.aggregator == "top-k") sizes["top_k"] = card.top_k;
  return sizes;
}

Json to_json(const CardFile& file) {
  const auto& card = file.card;
  Json json{{"schema_version", schema_version},
          {"task", card.task},
          {"classes", card.classes},
          {"aggregator", card.aggregator},
          {"sizes", sizes_json(card)},
          {"encoder", {{"name", card.encoder}, {"sha256", card.encoder_sha256}, {"random_weights", card.encoder_random_weights}}},
          {"tiling", {{"tile_px", card.tile_px}, {"mpp", card.mpp}}},
          {"genomics",
           {{"genes", card.genes},
            {"units", card.gene_units},
            {"mean", card.gene_mean},
            {"scale", card.gene_scale},
            {"dim", card.genomic_dim}}},
          {"weights_sha256", file.weights_sha256},
          {"training", Json::parse(card.training_json)},
          {"intended_use", intended_use}};
  if (!card.members.empty()) json["members"] = card.members;
  return json;
}

void write_whole(const fs::path& path, const std::string& text) {
  const auto beside = fs::path(path).concat(".part");
  std::ofstream out(beside, std::ios::binary);
  out << text << std::flush;
  out.close();
  std::error_code error;
  if (out) fs::rename(beside, path, error);
  if (out && !error) return;
  std::error_code ignored;
  fs::remove(beside, ignored);
  throw ModelError(fmt::format("{}: the model card cannot be written: {}: check the folder's permissions and free space", path.string(),
                               error ? error.message() : "the file cannot be opened or is not whole"));
}

}  // namespace

CardFile read_model_card(const fs::path& folder) {
  const auto path = folder / card_file_name;
  const auto json = parse(path);
  const Fields fields(path, "", json);
  fields.integer("schema_version", schema_version, schema_version);
  CardFile file;
  auto& card = file.card;
  card.task = fields.text("task");
  card.classes = fields.texts("classes");
  if (card.classes.size() < 2 || repeats(card.classes)) fields.refuse("classes", "two or more different texts", json["classes"].dump());
  card.aggregator = fields.text("aggregator");
  read_sizes(fields.group("sizes"), card);
  read_encoder(fields.group("encoder"), card);
  read_tiling(fields.group("tiling"), card);
  read_genomics(fields.group("genomics"), card);
  if (fields.has("members")) card.members = fields.texts("members");
  file.weights_sha256 = fields.text("weights_sha256");
  card.training_json = fields.json("training");
  return file;
}

void write_model_card(const fs::path& folder, const CardFile& file) {
  const auto path = folder / card_file_name;
  try {
    write_whole(path, to_json(file).dump(2) + "\n");
  } catch (const Json::exception& error) {
    throw ModelError(fmt::format("{}: the model card cannot be written: {}: names must be UTF-8 text", path.string(), error.what()));
  }
}

}  // namespace microtome
