// SPDX-License-Identifier: Apache-2.0
// The plain result of a slide-level model: what reporting/ may see of mil/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace microtome {

/// What a slide-level model answers.
enum class AnswerKind {
  classes,  // which one of several classes
  labels,   // of several labels each, yes or no
  value,    // a number, in the units of the training's table
  risk,     // how the patient will fare
};

/// From this probability on a label counts as yes.
inline constexpr double kLabelThreshold = 0.5;

/// Which row of a table a prediction used, how it was found, and what it weighed.
struct ModalityUse {
  std::string name;        // of the modality: "tiles", "rna", "clinical", ...
  bool present = false;    // false: the model's learned stand-in for a missing table was used
  std::string matched_by;  // "sample_id", "patient_id", "tcga-sample", "tcga-patient", "slide_id" or "" when absent
  std::string row_id;      // id in the table; stays inside the program (never written to a document)
  std::optional<double> share;  // exact Shapley value: what it adds to the explained number over its learned stand-in; none: not computed
};

/// A gene or clinical column, and what it moved.
struct FeatureShare {
  std::string modality, feature;
  double value = 0;  // as in the table, in its units; NaN: missing there
  double share = 0;  // of the explained number, signed: up is worse (survival) or towards the predicted class
};

/// What a survival model says. Times are months from the start of follow-up.
struct SurvivalAnswer {
  double risk = 0;               // higher is worse; comparable within one model only
  double cut = 0;                // from the training patients: at or above it the group is "high", below it "low"
  std::vector<double> months;    // ascending: where the curve is told
  std::vector<double> survival;  // S(months), 0..1, falling

  bool high() const { return risk >= cut; }
};

/// S at a time: straight between the told ones and from 1 at 0; beyond the last one the last one.
inline double survival_at(const SurvivalAnswer& answer, double months) {
  double left = 0, from = 1;
  for (std::size_t k = 0; k < answer.months.size(); ++k) {
    if (months <= answer.months[k]) return from + (answer.survival[k] - from) * (months - left) / (answer.months[k] - left);
    left = answer.months[k];
    from = answer.survival[k];
  }
  return from;
}

/// Which file of weights a number came from.
struct ModelIdentity {
  std::string name;
  std::string sha256;  // of the weights; "" unknown
};

/// Result of one task on one bag of N tiles with C classes and K attention heads.
struct Prediction {
  std::string task;                   // name of the task, e.g. "label"
  std::vector<std::string> classes;   // C; of a survival model "risk" alone, of a regression model the name of the number
  std::vector<double> probabilities;  // C, of classes sums to 1, of labels each for itself; empty of other kinds
  std::vector<double> logits;         // C; of a regression model the number itself
  int predicted = 0;                  // index of the largest probability
  std::int64_t heads = 1;             // K
  std::vector<float> attention;       // (N, K), each head sums to 1 over tiles (after softmax)
  int shown_head = 0;                 // of K = C heads, one a class, that of the predicted class: what people look at
  std::vector<float> contribution;    // (N, C): logit_c = sum_i contribution[i][c] + offset[c], exactly up to rounding
  std::vector<double> offset;         // C: bias plus what the genomic branch adds
  double attention_entropy = 0;       // of the shown head, in nats; log(N) is uniform
  double effective_tiles = 0;         // 1 / sum a_i^2 of the shown head
  std::optional<SurvivalAnswer> survival;  // of a survival model; its one logit is then the risk
  std::optional<double> value;             // of a regression model
  bool multi_label = false;                // each class is a label of its own, yes or no
  std::vector<ModalityUse> modalities;     // of a model that takes tables: "tiles" first, then its tables
  std::vector<FeatureShare> features;      // what moved the answer most, by integrated gradients, largest first; empty: tiles alone
  std::optional<double> completeness_gap;  // of the integrated gradients: |sum of shares - (answer - answer at the baseline)|
  ModelIdentity aggregator, encoder;    // what computed this, and the features it read
  bool encoder_random_weights = false;  // the features came from random numbers: a rehearsal, and every document says so

  AnswerKind kind() const {
    if (survival) return AnswerKind::risk;
    if (value) return AnswerKind::value;
    return multi_label ? AnswerKind::labels : AnswerKind::classes;
  }
};

/// Of several labels those that are a yes, in their order, "EGFR, TP53"; "none" where none is.
inline std::string present_labels(const Prediction& prediction) {
  std::string out;
  for (std::size_t c = 0; c < prediction.probabilities.size(); ++c)
    if (prediction.probabilities[c] >= kLabelThreshold) out += (out.empty() ? "" : ", ") + prediction.classes[c];
  return out.empty() ? "none" : out;
}

/// Attention of the head that people look at, a number a tile.
inline std::vector<float> shown_attention(const Prediction& prediction) {
  std::vector<float> shown;
  const auto heads = static_cast<std::size_t>(prediction.heads);
  for (auto i = static_cast<std::size_t>(prediction.shown_head); i < prediction.attention.size(); i += heads) shown.push_back(prediction.attention[i]);
  return shown;
}

}  // namespace microtome
