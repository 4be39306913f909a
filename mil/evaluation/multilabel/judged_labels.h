// SPDX-License-Identifier: Apache-2.0
// What an evaluation of several yes/no questions starts from: rows, what is known of each question, and the probabilities of yes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "mil/evaluation/decisions.h"
#include "mil/evaluation/judged.h"

namespace microtome {

inline constexpr int kUnknown = -1;

/// N rows (slides, or patients) of L labels, each yes (1) or no (0) of its own: EGFR mutated, KRAS mutated. An answer that is not known
/// takes part in nothing.
struct JudgedLabels {
  std::vector<std::string> names;   // L >= 1, in the order of the file's columns
  std::vector<int> known;           // (N, L) 0, 1 or kUnknown
  std::vector<double> probability;  // (N, L) of yes; a row need not sum to 1
  std::vector<int> decision;        // (N, L) 0 or 1, kUnknown where the answer is; see decide_labels()
  std::vector<int> patient;         // (N) 0 .. patients()-1; rows of a patient are never drawn apart
  std::vector<int> fold;            // (N) the fold in which the row was held out; empty: no folds

  std::size_t rows() const { return patient.size(); }
  std::size_t labels() const { return names.size(); }
  std::size_t at(std::size_t row, std::size_t label) const { return row * names.size() + label; }
  int patients() const;
  /// Every label's answer is known.
  bool complete(std::size_t row) const;
  std::vector<std::size_t> rows_known(std::size_t label) const;  // ascending
  /// One label over the rows that have its answer: classes no and yes, yes the positive one, patients numbered anew, decisions where there
  /// are any.
  Judged of_label(std::size_t label) const;
  std::vector<int> fold_numbers() const;  // sorted, each once
  std::vector<std::size_t> rows_of_fold(int number) const;
  /// The given rows in their order; patients are numbered anew.
  JudgedLabels select(const std::vector<std::size_t>& rows) const;
};

/// Why a label of these rows cannot be judged, a sentence; "": it has rows of both answers.
std::string why_not_judged(const Judged& label);

/// Fills in `decision`: decide() of each label, whose other folds are those of its own known rows. One rule a label.
std::vector<DecisionRule> decide_labels(JudgedLabels& judged, std::optional<double> given);

}  // namespace microtome
