// SPDX-License-Identifier: Apache-2.0
// A regular expression whose named groups say which part of an id is the patient, the sample, the slide. Internal to mil/genomics.
#pragma once

#include <memory>
#include <string>

namespace microtome {

/// What an id says. "": it does not say. Parts are told apart by those above them: a sample holds its patient, a slide its sample, so that
/// sample 01 of one patient is not sample 01 of another.
struct IdParts {
  std::string patient;
  std::string sample;
  std::string slide;
};

/// Perl's syntax (PCRE2), looked for anywhere in the id; case counts. Copies share the compiled pattern. Thread-safe.
class KeyPattern {
 public:
  /// Throws ModelError, the sentence of key_rule_problem(): no regular expression, none of the groups (?<patient>...), (?<sample>...),
  /// (?<slide>...). Several groups of one name may stand in alternatives.
  explicit KeyPattern(const std::string& pattern);
  /// All empty where the pattern is not found. Throws ModelError when the search takes more than 100,000 steps: an id is short.
  IdParts parts(const std::string& id) const;

 private:
  std::shared_ptr<const void> code_;
};

}  // namespace microtome
