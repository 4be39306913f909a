// SPDX-License-Identifier: Apache-2.0
// Predictions of several yes/no questions and what is known of them, joined by id: what an evaluation of labels starts from.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "mil/evaluation/multilabel/judged_labels.h"
#include "mil/genomics/join.h"
#include "pipeline/inputs/evaluation_set.h"
#include "pipeline/inputs/label_table.h"

namespace microtome {

struct MultilabelSet {
  JudgedLabels judged;                           // rows with a known label, in the order of their ids; no decisions yet
  std::vector<std::string> ids;                  // (N) stay inside the program
  std::string unit;                              // what a row is: "slide" or "patient"
  bool averaged = false;                         // rows are patients whose slides' probabilities were averaged
  std::string patients_from;                     // how rows were put together to patients; a sentence
  std::size_t labels_without_predictions = 0;    // rows of the labels with a known label
  std::size_t predictions_without_label = 0;     // rows whose labels are all unknown, left out
  std::vector<std::string> not_predicted;        // of the columns label_<name>, left out
  std::vector<std::vector<std::string>> levels;  // of each subgroup column, (N)

  /// One label over the rows that have its answer.
  EvaluationSet of_label(std::size_t label) const;
};

/// Labels are columns label_<name> with 0 or 1, or empty where the answer is not known; each prob_<name> has one. Every prediction must
/// have a row in the labels. Joined and averaged as read_evaluation_set() does. Throws InputError: what read_label_predictions refuses, a
/// missing label_<name>, a cell that is neither 0 nor 1 (with row, id and column), a prediction without a row, doubled ids, patients that
/// differ between the tables or lie in two folds, slides of a patient that disagree, no label with rows of both answers. Throws
/// ConfigError: a subgroup column that the labels lack.
MultilabelSet read_multilabel_set(const std::filesystem::path& predictions, const std::filesystem::path& labels,
                                  const std::vector<std::string>& subgroup_columns);

/// Those of the slides that have a row with at least one known label by these rules, in the order given, with the ids that a genomic table
/// may know them by. `names`: the labels that count; empty: every column label_<name>. Throws InputError: no such column, and the rest of
/// what is said of labels above.
std::vector<SlideKeys> marked_slides(const std::filesystem::path& labels, const std::vector<std::string>& slide_ids,
                                     std::vector<std::string> names = {});

/// What is known of slides or patients, "1", "0" or "" of each name (1.0 is 1), rows without any left out; `levels`: further columns. Throws as
/// marked_slides.
LabelTable known_labels(const std::filesystem::path& labels, const std::vector<std::string>& names, const std::vector<std::string>& levels);

/// The <name>s of the columns label_<name>, in their order.
std::vector<std::string> label_names(const DelimitedTable& table);

/// Leaves in both sets the rows that both have, with the labels in `one`'s order. Returns how many rows were left out of either. Throws
/// InputError, naming `path`: other labels, slides beside patients, other patients, nothing in both, no label with rows of both answers.
std::size_t pair_up(MultilabelSet& one, MultilabelSet& other, const std::filesystem::path& path);

}  // namespace microtome
