// SPDX-License-Identifier: Apache-2.0
// One JSON object of an encoder card, or of a Cox regression's, read strictly: a refusal names the file, what was wanted and what was found. Internal to mil/.
#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace microtome {

inline constexpr int kMaxSide = 16384;  // px; beyond any published encoder; keeps a typing error from asking for all memory

/// All members throw ModelError for a value of another kind, in the house's sentence. Copies share the JSON.
class CardObject {
 public:
  /// Nothing: for a card that is not there.
  explicit CardObject(std::filesystem::path file);
  /// NaN and Infinity, which Python's json writes and JSON does not know, are refused with the key they stand at.
  static CardObject read(const std::filesystem::path& file);

  std::vector<std::string> keys() const;
  bool has(const char* key) const;
  bool is_list(const char* key) const;
  bool is_object(const char* key) const;

  /// The value as JSON text; "" where the key is missing.
  std::string json_text(const char* key) const;
  /// "" where the key is missing.
  std::string text(const char* key) const;
  /// A text among `known`; "" where the key is missing.
  std::string choice(const char* key, std::initializer_list<std::string_view> known) const;
  /// A whole number from `low` to `high`; the key must be there.
  std::int64_t count(const char* key, std::int64_t low, std::int64_t high) const;
  /// The key must be there.
  double positive_number(const char* key) const;
  /// Empty where the key is missing or anything else than a list of these.
  std::vector<double> numbers(const char* key) const;
  std::vector<std::string> texts(const char* key) const;
  /// Nothing where the key is missing or null.
  CardObject object(const char* key) const;
  /// The key must be there.
  std::vector<CardObject> objects(const char* key) const;

  /// `where` names this object in the sentence.
  void refuse_other_keys(std::string_view where, std::initializer_list<std::string_view> known) const;
  /// "file: wanted ...: found <value>, or it is missing: correct the file".
  [[noreturn]] void refuse_value(const char* key, std::string_view wanted) const;
  [[noreturn]] void refuse(std::string_view wanted, std::string_view found, std::string_view remedy = "correct the file") const;

 private:
  struct Fields;
  CardObject(std::filesystem::path file, Fields fields);
  std::filesystem::path file_;
  std::shared_ptr<const Fields> fields_;
};

}  // namespace microtome
