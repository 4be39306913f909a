// SPDX-License-Identifier: Apache-2.0
// nlohmann's JSON behind the few questions that cards are asked.
#include "mil/encoders/card_object.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "mil/model_error.h"

namespace microtome {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

[[noreturn]] void refuse_file(const fs::path& file, std::string_view wanted, std::string_view found, std::string_view remedy) {
  throw ModelError(fmt::format("{}: wanted {}: {}: {}", file.string(), wanted, found, remedy));
}

/// "NaN", "Infinity" or "-Infinity" where that is what the parser stumbled over at `position`; else "".
std::string not_finite_at(const std::string& text, std::size_t position) {
  for (const char* word : {"NaN", "Infinity"})
    if (text.compare(position, std::string_view(word).size(), word) == 0)
      return (position > 0 && text[position - 1] == '-' ? "-" : "") + std::string(word);
  return "";
}

/// The key of the value or list that `position` lies in.
std::string key_before(const std::string& text, std::size_t position) {
  const std::size_t colon = text.rfind(':', position);
  const std::size_t last = colon == std::string::npos ? colon : text.rfind('"', colon);
  const std::size_t first = last == std::string::npos || last == 0 ? std::string::npos : text.rfind('"', last - 1);
  return first == std::string::npos ? "" : text.substr(first + 1, last - first - 1);
}

[[noreturn]] void refuse_text(const fs::path& file, const std::string& text, const json::parse_error& error) {
  const std::size_t position = error.byte == 0 ? 0 : std::min(error.byte - 1, text.size());
  const std::string word = not_finite_at(text, position);
  if (word.empty()) refuse_file(file, "a JSON object", error.what(), "correct the file");
  refuse_file(file, fmt::format("finite numbers in '{}'", key_before(text, position)),
              fmt::format("found {}, which JSON does not know", word), "compute the value again and write a number");
}

json read_json(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) refuse_file(file, "an encoder card", "it cannot be opened", "check the folder");
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  try {
    json object = json::parse(text);
    if (object.is_object()) return object;
  } catch (const json::parse_error& e) {
    refuse_text(file, text, e);
  } catch (const json::exception& e) {
    refuse_file(file, "a JSON object", e.what(), "correct the file");
  }
  refuse_file(file, "a JSON object", "it is something else", "correct the file");
}

}  // namespace

struct CardObject::Fields {
  json object = json::object();

  /// null where the key is missing.
  const json& at(const char* key) const {
    static const json none;
    const auto found = object.find(key);
    return found == object.end() ? none : *found;
  }
};

CardObject::CardObject(fs::path file) : CardObject(std::move(file), Fields()) {}

CardObject::CardObject(fs::path file, Fields fields) : file_(std::move(file)), fields_(std::make_shared<const Fields>(std::move(fields))) {}

CardObject CardObject::read(const fs::path& file) { return {file, Fields{read_json(file)}}; }

std::vector<std::string> CardObject::keys() const {
  std::vector<std::string> keys;
  for (const auto& [key, value] : fields_->object.items()) keys.push_back(key);
  return keys;
}

bool CardObject::has(const char* key) const { return fields_->object.contains(key); }
bool CardObject::is_list(const char* key) const { return fields_->at(key).is_array(); }
bool CardObject::is_object(const char* key) const { return fields_->at(key).is_object(); }
std::string CardObject::json_text(const char* key) const { return has(key) ? fields_->at(key).dump() : ""; }

std::string CardObject::text(const char* key) const {
  if (!has(key)) return "";
  if (!fields_->at(key).is_string()) refuse_value(key, fmt::format("'{}' as text", key));
  return fields_->at(key).get<std::string>();
}

std::string CardObject::choice(const char* key, std::initializer_list<std::string_view> known) const {
  if (!has(key)) return "";
  const auto& value = fields_->at(key);
  std::string found = value.is_string() ? value.get<std::string>() : "";
  if (std::find(known.begin(), known.end(), found) == known.end())
    refuse_value(key, fmt::format("'{}' among {}", key, fmt::join(known, ", ")));
  return found;
}

std::int64_t CardObject::count(const char* key, std::int64_t low, std::int64_t high) const {
  const auto& value = fields_->at(key);
  if (!value.is_number_unsigned() || value < low || value > high)
    refuse_value(key, fmt::format("'{}' as a whole number from {} to {}", key, low, high));
  return value.get<std::int64_t>();
}

double CardObject::positive_number(const char* key) const {
  const auto& value = fields_->at(key);
  if (!value.is_number() || !(value > 0)) refuse_value(key, fmt::format("'{}' as a positive number", key));
  return value.get<double>();
}

std::vector<double> CardObject::numbers(const char* key) const {
  const auto& value = fields_->at(key);
  const bool right = value.is_array() && std::all_of(value.begin(), value.end(), [](const auto& each) { return each.is_number(); });
  return right ? value.get<std::vector<double>>() : std::vector<double>();
}

std::vector<std::string> CardObject::texts(const char* key) const {
  const auto& value = fields_->at(key);
  const bool right = value.is_array() && std::all_of(value.begin(), value.end(), [](const auto& each) { return each.is_string(); });
  return right ? value.get<std::vector<std::string>>() : std::vector<std::string>();
}

CardObject CardObject::object(const char* key) const {
  const auto& value = fields_->at(key);
  if (value.is_null()) return CardObject(file_);
  if (!value.is_object()) refuse_value(key, fmt::format("'{}' as an object", key));
  return {file_, Fields{value}};
}

std::vector<CardObject> CardObject::objects(const char* key) const {
  if (!is_list(key)) refuse_value(key, fmt::format("'{}' as a list", key));
  std::vector<CardObject> objects;
  for (const auto& each : fields_->at(key)) {
    if (!each.is_object()) refuse(fmt::format("'{}' as a list of objects", key), fmt::format("found {}", each.dump()));
    objects.push_back({file_, Fields{each}});
  }
  return objects;
}

void CardObject::refuse_other_keys(std::string_view where, std::initializer_list<std::string_view> known) const {
  for (const std::string& key : keys())
    if (std::find(known.begin(), known.end(), key) == known.end())
      refuse(fmt::format("in {} only {}", where, fmt::join(known, ", ")), fmt::format("found '{}'", key));
}

void CardObject::refuse_value(const char* key, std::string_view wanted) const {
  refuse(wanted, has(key) ? "found " + json_text(key) : "it is missing");
}

void CardObject::refuse(std::string_view wanted, std::string_view found, std::string_view remedy) const {
  refuse_file(file_, wanted, found, remedy);
}

}  // namespace microtome
