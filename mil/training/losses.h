// SPDX-License-Identifier: Apache-2.0
// What training lowers. Internal to mil/: torch types. logits are float, of one bag (C) or of rows (n, C); results are scalars with gradient.
// Of classes a bag has one label; of labels a mark each, 1, 0 or NaN where it is not known; of a number its standard score among the training patients.
#pragma once

#include <ATen/ATen.h>

#include <string>
#include <vector>

#include "mil/prediction.h"

namespace microtome {

/// Names as users write them: "cross-entropy", "focal", "bce", "smooth-svm", "mse", "huber".
enum class LossKind { cross_entropy, focal, bce, smooth_svm, mse, huber };
/// Throws ModelError naming the losses that there are.
LossKind loss_of(const std::string& name);
const char* loss_names();          // of classes
const char* label_loss_names();    // of labels
const char* value_loss_names();    // of a number

/// What should have been answered.
struct Target {
  int label = 0;
  std::vector<float> marks;  // one a label
  double score = 0;
};

struct BagLoss {
  LossKind kind = LossKind::cross_entropy;
  std::vector<double> class_weights;  // (C), of classes their mean over the training bags being 1, of labels what a yes weighs beside a no; empty: none
  double focal_gamma = 2;
  AnswerKind answer = AnswerKind::classes;

  /// Of one bag with one label.
  ///   cross-entropy  -log p_y
  ///   focal          -(1 - p_y)^gamma log p_y (Lin et al. 2017)
  ///   bce            mean over classes of the binary cross-entropy of sigmoid(logit_c) with [c = y]
  ///   smooth-svm     smooth_svm_loss
  ///   mse, huber     of the probabilities with [c = y], summed over classes: mse is Brier's score; huber bends at 0.5
  /// times the weight of y.
  at::Tensor operator()(const at::Tensor& logits, int label) const;

  /// Of classes the same. Of labels multi_label_loss, bce or focal. Of a number, the answer being one logit:
  ///   mse    (logit - score)^2
  ///   huber  half of that within 1 standard deviation, linear beyond (Huber 1964)
  at::Tensor operator()(const at::Tensor& logits, const Target& target) const;
};

/// Binary cross-entropy of several labels at once: logits and targets (C), 1, 0 or NaN, mean over those that are known (one at least); with `focal_gamma`
/// each times (1 - p of what is right)^gamma (Lin et al. 2017). `positive` (C): what a yes weighs; undefined: 1.
at::Tensor multi_label_loss(const at::Tensor& logits, const at::Tensor& targets, const at::Tensor& positive = {}, double focal_gamma = 0);

/// Smooth top-1 SVM (Berrada et al. 2018), margin 1 and temperature 1: mean over rows of logsumexp_j(s_j + [j != y] - s_y); where the two largest
/// scores are ln 1000 or more apart, the hinge max_j of the same. logits (n, C), targets (n) int64.
at::Tensor smooth_svm_loss(const at::Tensor& logits, const at::Tensor& targets);

}  // namespace microtome
