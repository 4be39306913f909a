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

constexpr std::int64_t oldest_schema = 1;  // had one table, under "genomics"
constexpr std::int64_t schema_version = 2;
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

  double number(const char* key, bool positive = true) const {
    const char* wanted = positive ? "a number of 0 or more" : "a number";
    const auto& value = get(key, wanted, &Json::is_number);
    if (positive && !(value.get<double>() >= 0)) refuse(key, wanted, value.dump());
    return value.get<double>();
  }

  std::vector<std::string> texts(const char* key) const { return list<std::string>(key, "a list of texts", &Json::is_string); }
  std::vector<double> numbers(const char* key) const { return list<double>(key, "a list of numbers", &Json::is_number); }

  std::vector<std::int64_t> integers(const char* key) const { return list<std::int64_t>(key, "a list of integers", &Json::is_number_integer); }
  std::vector<Fields> objects(const char* key) const {
    std::vector<Fields> all;
    for (const auto& value : get(key, "a list of objects", &Json::is_array)) {
      if (!value.is_object()) refuse(key, "a list of objects", value.dump());
      all.emplace_back(path_, fmt::format("{}{}[{}].", prefix_, key, all.size()), value);
    }
    return all;
  }

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

std::vector<FeatureGroup> read_groups(const Fields& fields, std::size_t features) {
  std::vector<FeatureGroup> groups;
  for (const Fields& one : fields.objects("groups")) {
    groups.push_back({one.text("name"), one.integers("features")});
    for (const std::int64_t index : groups.back().features)
      if (index < 0 || index >= static_cast<std::int64_t>(features)) one.refuse("features", fmt::format("indices below {}", features), fmt::format("{}", index));
  }
  return groups;
}

Modality read_modality(const Fields& fields) {
  Modality out;
  out.name = fields.text("name");
  out.features = fields.texts("features");
  out.units = fields.text("units");
  out.mean = fields.numbers("mean");
  out.scale = fields.numbers("scale");
  out.encoder = fields.text("encoder");
  out.dim = fields.integer("dim", 1, largest_size);
  const auto count = out.features.size();
  if (count == 0 || repeats(out.features)) fields.refuse("features", "one or more, each once", count == 0 ? "none" : "one twice");
  if (out.mean.size() != count) fields.refuse("mean", fmt::format("{} numbers", count), fmt::format("{}", out.mean.size()));
  if (out.scale.size() != count) fields.refuse("scale", fmt::format("{} numbers", count), fmt::format("{}", out.scale.size()));
  const auto positive = [](double scale) { return scale > 0; };
  if (!std::all_of(out.scale.begin(), out.scale.end(), positive)) fields.refuse("scale", "positive numbers", "one that is not");
  if (fields.has("groups")) out.groups = read_groups(fields, count);
  return out;
}

void read_modalities(const Fields& fields, ModelCard& card) {
  if (fields.integer("schema_version", oldest_schema, schema_version) == oldest_schema) {
    if (!fields.group("genomics").texts("genes").empty())
      fields.refuse("schema_version", fmt::format("{} for a model with genes", schema_version), "1: train it again");
    return;
  }
  card.fusion = fields.text("fusion");
  std::vector<std::string> names;
  for (const Fields& one : fields.objects("modalities")) {
    card.modalities.push_back(read_modality(one));
    names.push_back(card.modalities.back().name);
  }
  if (repeats(names)) fields.refuse("modalities", "different names", "a name twice");
}

void read_survival(const Fields& fields, ModelCard& card) {
  SurvivalCard survival;
  survival.form = fields.text("form");
  survival.months = fields.numbers("months");
  survival.baseline = fields.numbers("baseline");
  survival.risk_cut = fields.number("risk_cut", false);
  const bool hazards = survival.form == "hazards";
  if (!hazards && survival.form != "risk") fields.refuse("form", "hazards or risk", survival.form);
  if (survival.months.empty() || !std::is_sorted(survival.months.begin(), survival.months.end())) fields.refuse("months", "ascending months", "others");
  if (survival.baseline.size() != (hazards ? 0 : survival.months.size()))
    fields.refuse("baseline", hazards ? "no numbers" : "a number a month", fmt::format("{}", survival.baseline.size()));
  card.survival = std::move(survival);
}

void read_value(const Fields& fields, ModelCard& card) {
  card.value = ValueCard{fields.number("mean", false), fields.number("scale")};
  if (card.value->scale == 0) fields.refuse("scale", "a number above 0", "0");
}

void read_classes(const Fields& fields, ModelCard& card) {
  card.classes = fields.texts("classes");
  if (fields.has("survival")) read_survival(fields.group("survival"), card);
  if (fields.has("value")) read_value(fields.group("value"), card);
  if (fields.has("multi_label")) card.multi_label = fields.flag("multi_label");
  if ((card.survival ? 1 : 0) + (card.value ? 1 : 0) + (card.multi_label ? 1 : 0) > 1)
    fields.refuse("classes", "one of survival, value and multi_label at most", "several");
  const bool one_number = card.survival || card.value;
  if (repeats(card.classes) || card.classes.empty() || (card.value && card.classes.size() > 1) || (card.classes.size() < 2 && !one_number && !card.multi_label))
    fields.refuse("classes", card.value ? "the name of the number" : "two or more different texts", Json(card.classes).dump());
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

void read_ladder(const Fields& fields, ModelCard& card) {
  if (!fields.has("ladder")) return;
  std::vector<std::string> names;
  for (const Fields& one : fields.objects("ladder")) {
    card.ladder.push_back({one.text("name"), one.text("sha256")});
    const std::string& name = names.emplace_back(card.ladder.back().name);
    if (name.empty() || fs::path(name).filename() != name || name == "." || name == "..") one.refuse("name", "the name of a folder in ladder/", "'" + name + "'");
  }
  if (repeats(names)) fields.refuse("ladder", "different names", "a name twice");
}

Json sizes_json(const ModelCard& card) {
  Json sizes{{"feature_dim", card.feature_dim}, {"embed_dim", card.embed_dim}, {"attention_dim", card.attention_dim}};
  if (card.aggregator == "top-k") sizes["top_k"] = card.top_k;
  return sizes;
}

Json modalities_json(const ModelCard& card) {
  Json all = Json::array();
  for (const Modality& one : card.modalities) {
    Json json{{"name", one.name},       {"features", one.features}, {"units", one.units}, {"mean", one.mean},
              {"scale", one.scale},     {"encoder", one.encoder},   {"dim", one.dim}};
    for (const FeatureGroup& group : one.groups) json["groups"].push_back({{"name", group.name}, {"features", group.features}});
    all.push_back(std::move(json));
  }
  return all;
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
          {"fusion", card.fusion},
          {"modalities", modalities_json(card)},
          {"weights_sha256", file.weights_sha256},
          {"training", Json::parse(card.training_json)},
          {"intended_use", intended_use}};
  if (!card.members.empty()) json["members"] = card.members;
  if (card.value) json["value"] = {{"mean", card.value->mean}, {"scale", card.value->scale}};
  if (card.multi_label) json["multi_label"] = true;
  for (const KeptRung& one : card.ladder) json["ladder"].push_back({{"name", one.name}, {"sha256", one.sha256}});
  if (card.survival)
    json["survival"] = {{"form", card.survival->form},
                        {"months", card.survival->months},
                        {"baseline", card.survival->baseline},
                        {"risk_cut", card.survival->risk_cut}};
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
  fields.integer("schema_version", oldest_schema, schema_version);
  CardFile file;
  auto& card = file.card;
  card.task = fields.text("task");
  read_classes(fields, card);
  card.aggregator = fields.text("aggregator");
  read_sizes(fields.group("sizes"), card);
  read_encoder(fields.group("encoder"), card);
  read_tiling(fields.group("tiling"), card);
  read_modalities(fields, card);
  if (fields.has("members")) card.members = fields.texts("members");
  read_ladder(fields, card);
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
