// SPDX-License-Identifier: Apache-2.0
// How the ids of slides and of rows say patient, sample and slide: TCGA's barcodes, CPTAC's cases, a pattern of one's own. Sources: GDC,
// TCGA Barcode; formats.md 1.6.
#pragma once

#include <optional>
#include <string>

#include "mil/genomics/key_pattern.h"

namespace microtome {

/// One of
///   auto             ids are compared as they are, then as TCGA barcodes
///   exact            ids are compared as they are
///   tcga             barcodes only: patient 12 characters, sample 15 (never the vial: slides are Z, aliquots A or B), slide 23
///   cptac            C3L-00001 and C3N-00001, slide C3L-00001-21
///   regex:<pattern>  named groups of key_pattern.h
/// Cheap to copy. Thread-safe.
class KeyRule {
 public:
  /// Throws ModelError with the sentence of key_rule_problem().
  explicit KeyRule(const std::string& text);
  KeyRule() : KeyRule("auto") {}

  /// As it was given.
  const std::string& text() const { return text_; }
  /// Ids themselves are keys.
  bool compares_ids() const { return text_ == "auto" || text_ == "exact"; }
  /// Of the ways that parts() opens: "tcga", "cptac", "regex"; "" for exact, which opens none.
  const std::string& family() const { return family_; }
  /// Another patient_id than the rule knows is a key as it is: that of a hospital, beside a pattern for the names of its slides.
  bool takes_plain_patients() const { return pattern_.has_value(); }
  IdParts parts(const std::string& id) const;

 private:
  std::string text_;
  std::string family_;
  std::optional<KeyPattern> pattern_;
};

/// What is wrong with the text of a rule, as a sentence; "" when all is well.
std::string key_rule_problem(const std::string& text);

/// An id as it is compared: without blanks at its ends and without a slide's file extension, the UUID at its end in small letters.
std::string comparable_id(const std::string& id);

/// "TCGA-05-4244" from "TCGA-05-4244-01Z-00-DX1.<uuid>", nullopt for other names.
std::optional<std::string> tcga_patient(const std::string& id);
std::optional<std::string> tcga_sample(const std::string& id);  // 15 characters
std::optional<std::string> tcga_slide(const std::string& id);   // 23 characters, ending in DX1, TSA, BS2, MS1

}  // namespace microtome
