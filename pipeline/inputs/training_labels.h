// SPDX-License-Identifier: Apache-2.0
// What training is told of slides or patients: a class, several labels, a number, or how they fared.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace microtome {

struct TrainingLabel {
  std::string patient_id;
  std::string site;
  std::string text;  // as the table says it
  int index = 0;     // of the class; of follow-up the event
  double months = 0;
  bool event = false;
  std::vector<float> marks;  // of several labels: 1, 0 or NaN where it is not known, one a class name
  double value = 0;          // of regression
};

/// Keyed by slide id where the table has one, else by patient id.
class TrainingLabels {
 public:
  /// Columns label and slide_id or patient_id, optional patient_id and site; rows without a label are left out. Throws ConfigError: missing columns, an
  /// id twice, fewer than two classes.
  static TrainingLabels classes(const std::filesystem::path& path);
  /// A column label_<name> for each label, 1, 0 or empty where it is not known, else alike; rows without any are left out. Throws what known_labels throws, and
  /// InputError where nothing is known.
  /// `names`: those to learn, in their order; empty: every column.
  static TrainingLabels marks(const std::filesystem::path& path, std::vector<std::string> names = {});
  /// Numbers under `column`, else alike; rows without one are left out. Throws what read_known_values throws, and InputError where there is
  /// no number at all.
  static TrainingLabels values(const std::filesystem::path& path, const std::string& column);
  /// Columns time (months) and event or the one that `censorship` names, else alike; rows without them are left out. Throws what read_follow_up throws.
  static TrainingLabels followed(const std::filesystem::path& path, const std::string& censorship);

  /// Null when the slide has none. `slide_id` of the TCGA form also finds its patient.
  const TrainingLabel* find(const std::string& slide_id) const;
  /// Ids for which `find` was never the answer, sorted.
  std::vector<std::string> unused(const std::set<const TrainingLabel*>& used) const;
  /// Sorted; of follow-up "risk" alone, of numbers the column's name; of several labels in the order of their columns.
  const std::vector<std::string>& class_names() const { return class_names_; }

 private:
  std::map<std::string, TrainingLabel> by_slide_, by_patient_;
  std::vector<std::string> class_names_;
};

}  // namespace microtome
