// SPDX-License-Identifier: Apache-2.0
#include "mil/genomics/key_rule.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "mil/genomics/table.h"
#include "mil/model_error.h"

namespace microtome {

namespace {

constexpr std::size_t patient_length = 12;
constexpr std::size_t sample_length = 15;
constexpr std::size_t slide_length = 23;
constexpr std::size_t case_length = 9;
constexpr std::size_t uuid_length = 36;
constexpr const char* regex_word = "regex:";
constexpr std::array slide_extensions{".svs", ".tif", ".tiff", ".ndpi", ".vms", ".vmu", ".scn", ".mrxs", ".svslide", ".bif"};

bool alphanumeric(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }
bool digit(char c) { return c >= '0' && c <= '9'; }
bool ends_at(const std::string& text, std::size_t i) { return i >= text.size() || !alphanumeric(text[i]); }

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// The name below the folders of an id that is a relative path.
std::string name_of(const std::string& id) { return id.substr(id.rfind('/') + 1); }

bool is_uuid(const std::string& text) {
  if (text.size() != uuid_length) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : std::isxdigit(static_cast<unsigned char>(text[i])) == 0) return false;
  }
  return true;
}

IdParts tcga_parts(const std::string& id) {
  const std::string name = name_of(id);
  return {tcga_patient(name).value_or(""), tcga_sample(name).value_or(""), tcga_slide(name).value_or("")};
}

/// C3L-00001 and C3N-00001, the cases; two digits may follow, the slide's.
IdParts cptac_parts(const std::string& id) {
  const std::string name = upper(name_of(id));
  if (name.compare(0, 4, "C3L-") != 0 && name.compare(0, 4, "C3N-") != 0) return {};
  if (name.size() < case_length || !std::all_of(name.begin() + 4, name.begin() + case_length, digit) || !ends_at(name, case_length)) return {};
  IdParts parts{name.substr(0, case_length), "", ""};
  const std::string rest = name.substr(case_length);
  if (rest.size() >= 3 && rest[0] == '-' && digit(rest[1]) && digit(rest[2]) && ends_at(rest, 3)) parts.slide = name.substr(0, case_length + 3);
  return parts;
}

}  // namespace

KeyRule::KeyRule(const std::string& text) : text_(text) {
  if (text == "auto" || text == "tcga") {
    family_ = "tcga";
  } else if (text == "cptac") {
    family_ = "cptac";
  } else if (text.rfind(regex_word, 0) == 0) {
    family_ = "regex";
    pattern_.emplace(text.substr(std::string(regex_word).size()));
  } else if (text != "exact") {
    throw ModelError("genomics.keys: wanted auto, exact, tcga, cptac or regex:<pattern>, got '" + text + "'");
  }
}

IdParts KeyRule::parts(const std::string& id) const {
  if (pattern_) return pattern_->parts(comparable_id(id));
  if (family_ == "tcga") return tcga_parts(trimmed_id(id));
  return family_ == "cptac" ? cptac_parts(trimmed_id(id)) : IdParts{};
}

std::string key_rule_problem(const std::string& text) {
  try {
    const KeyRule rule(text);
    return "";
  } catch (const ModelError& e) {
    return e.what();
  }
}

std::string comparable_id(const std::string& id) {
  std::string text = trimmed_id(id);
  const std::string small = lower(text);
  for (const char* extension : slide_extensions) {
    if (small.ends_with(extension)) {
      text.resize(text.size() - std::string(extension).size());
      break;
    }
  }
  const bool uuid = text.size() > uuid_length && !alphanumeric(text[text.size() - uuid_length - 1]) && is_uuid(text.substr(text.size() - uuid_length));
  return uuid ? text.substr(0, text.size() - uuid_length) + lower(text.substr(text.size() - uuid_length)) : text;
}

std::optional<std::string> tcga_patient(const std::string& id) {
  const std::string barcode = upper(id.substr(0, patient_length));
  if (barcode.size() != patient_length || barcode.compare(0, 5, "TCGA-") != 0 || barcode[7] != '-') return std::nullopt;
  for (const std::size_t i : {5, 6, 8, 9, 10, 11}) {
    if (!alphanumeric(barcode[i])) return std::nullopt;
  }
  return ends_at(id, patient_length) ? std::optional(barcode) : std::nullopt;
}

std::optional<std::string> tcga_sample(const std::string& id) {
  const auto patient = tcga_patient(id);
  if (!patient || id.size() < sample_length || id[12] != '-' || !digit(id[13]) || !digit(id[14])) return std::nullopt;
  // one vial letter may follow the sample type
  const bool whole = ends_at(id, sample_length) || (!digit(id[sample_length]) && ends_at(id, sample_length + 1));
  return whole ? std::optional(upper(id.substr(0, sample_length))) : std::nullopt;
}

std::optional<std::string> tcga_slide(const std::string& id) {
  const std::string barcode = upper(id.substr(0, slide_length));
  if (!tcga_sample(id) || barcode.size() != slide_length || barcode[16] != '-' || barcode[19] != '-') return std::nullopt;
  const std::string kind = barcode.substr(20, 2);
  const bool known = kind == "DX" || kind == "TS" || kind == "MS" || kind == "BS";
  return known && digit(barcode[17]) && digit(barcode[18]) && alphanumeric(barcode[22]) && ends_at(id, slide_length) ? std::optional(barcode)
                                                                                                                     : std::nullopt;
}

}  // namespace microtome
