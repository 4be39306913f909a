// SPDX-License-Identifier: Apache-2.0
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "mil/genomics/key_pattern.h"
#include "mil/model_error.h"

namespace microtome {

namespace {

constexpr std::uint32_t most_steps = 100'000;

const pcre2_code* code_of(const std::shared_ptr<const void>& code) { return static_cast<const pcre2_code*>(code.get()); }

[[noreturn]] void refuse(const std::string& wanted, const std::string& pattern, const std::string& said) {
  throw ModelError("genomics.keys: wanted " + wanted + ", got 'regex:" + pattern + "'" + said);
}

std::string message_of(int error) {
  PCRE2_UCHAR text[256] = {};
  pcre2_get_error_message(error, text, sizeof text);
  return reinterpret_cast<const char*>(text);
}

std::shared_ptr<const void> compiled(const std::string& pattern) {
  int error = 0;
  PCRE2_SIZE at = 0;
  const std::uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_DUPNAMES;
  pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), options, &error, &at, nullptr);
  if (code == nullptr) refuse("a regular expression", pattern, ": " + message_of(error) + " at character " + std::to_string(at));
  return {code, [](const void* freed) { pcre2_code_free(static_cast<pcre2_code*>(const_cast<void*>(freed))); }};
}

bool has_group(const pcre2_code* code, const char* name) {
  PCRE2_SPTR first = nullptr, last = nullptr;
  return pcre2_substring_nametable_scan(code, reinterpret_cast<PCRE2_SPTR>(name), &first, &last) >= 0;
}

/// Of several groups of one name the one that took part.
std::string group(pcre2_match_data* match, const char* name) {
  PCRE2_UCHAR* text = nullptr;
  PCRE2_SIZE length = 0;
  if (pcre2_substring_get_byname(match, reinterpret_cast<PCRE2_SPTR>(name), &text, &length) != 0) return "";
  const std::string found(reinterpret_cast<const char*>(text), length);
  pcre2_substring_free(text);
  return found;
}

/// Nothing comes before a name that says nothing.
std::string below(const std::string& above, const std::string& name) {
  return name.empty() || above.empty() ? name : above + "/" + name;
}

}  // namespace

KeyPattern::KeyPattern(const std::string& pattern) : code_(compiled(pattern)) {
  for (const char* name : {"patient", "sample", "slide"}) {
    if (has_group(code_of(code_), name)) return;
  }
  refuse("a regular expression with one or more of the groups (?<patient>...), (?<sample>...), (?<slide>...)", pattern, "");
}

IdParts KeyPattern::parts(const std::string& id) const {
  const std::unique_ptr<pcre2_match_data, void (*)(pcre2_match_data*)> match(
      pcre2_match_data_create_from_pattern(code_of(code_), nullptr), pcre2_match_data_free);
  const std::unique_ptr<pcre2_match_context, void (*)(pcre2_match_context*)> limits(pcre2_match_context_create(nullptr),
                                                                                    pcre2_match_context_free);
  pcre2_set_match_limit(limits.get(), most_steps);
  const int found = pcre2_match(code_of(code_), reinterpret_cast<PCRE2_SPTR>(id.data()), id.size(), 0, 0, match.get(), limits.get());
  if (found == PCRE2_ERROR_NOMATCH) return {};
  if (found < 0) {
    throw ModelError("genomics.keys: search an id of " + std::to_string(id.size()) + " characters: " + message_of(found) +
                     ": write a simpler regular expression");
  }
  IdParts parts;
  parts.patient = group(match.get(), "patient");
  parts.sample = below(parts.patient, group(match.get(), "sample"));
  parts.slide = below(parts.sample.empty() ? parts.patient : parts.sample, group(match.get(), "slide"));
  return parts;
}

}  // namespace microtome
