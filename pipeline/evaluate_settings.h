// SPDX-License-Identifier: Apache-2.0
// What a user of `evaluate` can choose; config.h says how it comes about.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace microtome {

/// Predictions are read, or made with a model: one of the two.
struct EvaluateSettings {
  std::filesystem::path predictions;  // CSV: slide_id or patient_id, prob_<class>... or risk or value, optional patient_id, fold, surv_<months>
  std::filesystem::path model;        // folder of a trained model
  std::filesystem::path bags;         // folder searched recursively for data.features, for the model
  std::vector<std::string> genomics;  // tables joined by id, FILE or NAME=FILE, for a model that takes them; empty: none
  std::filesystem::path clinical;     // likewise: CSV of clinical columns
  std::filesystem::path labels;       // CSV: slide_id or patient_id, label, label_<name>, time and event or a number; further columns
  std::filesystem::path output;       // folder of metrics.json and what goes with it
  std::filesystem::path compare;      // predictions of a second model; empty: none
  std::string subgroups;              // columns of the labels, separated by commas (changes results)
  std::string task = "auto";          // of prob_ columns: label (one of the classes is true), multilabel (each is, or not), or auto: by the labels (changes results)
  std::string positive;               // of two classes; empty: the last column's (changes results)
  std::string threshold = "auto";     // 0..1, or auto: Youden's on the other folds where there are folds, else 0.5 (changes results)
  std::string target = "value";       // column of the labels with the number that was predicted (changes results)
  std::string censorship;             // column of the labels that says 1 = censored, instead of event (changes results)
  std::string risk_cut = "auto";      // high risk at or above; auto: median of the other folds' risks, else of all (changes results)
  std::string tau = "auto";           // months up to which Uno's c and the AUC look; auto: 80th percentile of events (changes results)
  std::string horizon = "auto";       // months at which survival curves are checked; auto: their last up to tau (changes results)
  int bootstrap = 2000;               // resamples of the patients; time grows with it (changes results)
  std::uint64_t seed = 0;             // of the resamples (changes results)
};

}  // namespace microtome
