// SPDX-License-Identifier: Apache-2.0
// Every measure of several yes/no questions taken together, each with its interval. One label alone is judged as two classes:
// classification.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mil/evaluation/bootstrap.h"
#include "mil/evaluation/multilabel/judged_labels.h"
#include "mil/evaluation/values.h"

namespace microtome {

/// The measures of one set of rows, quickly for any weighting of them.
///   macro_auc, macro_auprc, macro_balanced_accuracy, macro_f1, macro_brier, macro_ece: means over the labels that have rows of both
///   answers, each over its own known rows. A weighting that leaves one of these labels with one answer has no macro mean: a mean over
///   fewer labels would be of something else. micro_auc, micro_f1: of all known answers in one heap (Tsoumakas and Katakis 2007).
///   hamming_loss: share of known answers decided wrongly. exact_match: share of the rows with all answers known that are decided rightly
///   throughout. cardinality_known, cardinality_predicted: of these rows the mean number of labels that are, and that are called, yes.
class MultilabelMeasures {
 public:
  /// `judged` has its decisions, and may go.
  explicit MultilabelMeasures(const JudgedLabels& judged);
  static const std::vector<std::string>& names();
  /// In the order of names(). O(N L).
  Values values(RowWeights weight = {}) const;

 private:
  struct Label {
    std::vector<std::size_t> rows;  // known
    Judged judged;
    RankedScores ranks;
  };
  struct CompleteRow {
    std::size_t row;
    int known, called;  // labels
    bool right;         // throughout
  };
  Values of_labels(RowWeights weight) const;
  Values of_answers(RowWeights weight) const;
  Values of_complete_rows(RowWeights weight) const;
  std::vector<Label> labels_;               // with rows of both answers
  std::vector<std::size_t> row_of_answer_;  // of all known answers
  Judged answers_;
  RankedScores answer_ranks_;
  std::vector<CompleteRow> complete_;
};

/// All of names(). Intervals are BCa: patients are drawn within their fold, once for all labels. Notes name the labels left out of the
/// means. Cost: (resamples + patients) times values().
std::vector<Metric> measure_multilabel(const JudgedLabels& judged, const BootstrapSettings& settings);

/// Mean over folds of names() (where a fold has one), patients resampled inside each fold. Empty with fewer than two folds.
std::vector<Metric> measure_multilabel_fold_means(const JudgedLabels& judged, const BootstrapSettings& settings);

/// Two models on the same rows; difference is one minus other, both seeing the same resamples. Of names() but the cardinalities.
struct MultilabelComparison {
  std::vector<Metric> one, other, difference;
};
MultilabelComparison compare_multilabel(const JudgedLabels& one, const JudgedLabels& other, const BootstrapSettings& settings);

}  // namespace microtome
