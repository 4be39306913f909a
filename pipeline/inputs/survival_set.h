// SPDX-License-Identifier: Apache-2.0
// Risks and follow-up, joined by id: what an evaluation of survival starts from.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "mil/evaluation/survival/judged_survival.h"
#include "mil/genomics/join.h"

namespace microtome {

struct SurvivalSet {
  JudgedSurvival judged;         // one row a patient, in the order of their ids
  std::vector<std::string> ids;  // (N) of patients; stay inside the program
  std::size_t predictions = 0;   // rows of the predictions, as many as patients or more
  std::string patients_from;     // how rows were put together to patients; a sentence
  std::string event_column;      // with its polarity
  std::size_t labels_without_predictions = 0;
  std::vector<std::vector<std::string>> levels;  // of each subgroup column, (N)

  bool averaged() const { return predictions > ids.size(); }
};

/// Every prediction must have a follow-up; follow-up may be left over, and is counted. Joined by slide_id where both tables have it, else
/// by patient_id. Patients are the tables' patient_id, else the patient in a TCGA barcode, else each slide is one; risks (of rungs too) and
/// survival of a patient's slides are averaged. Throws what read_risks and read_follow_up throw, and InputError: a prediction without a
/// follow-up, patients that differ between the tables or lie in two folds, slides of a patient that fared differently, fewer than two
/// patients, equal risks of all, nobody with an event.
SurvivalSet read_survival_set(const std::filesystem::path& predictions, const std::filesystem::path& labels,
                              const std::vector<std::string>& subgroup_columns, const std::string& censorship);

/// Those of the slides that have a follow-up by these rules, in the order given, with the ids that a table may know them by. Throws what
/// read_follow_up throws.
std::vector<SlideKeys> followed_slides(const std::filesystem::path& labels, const std::vector<std::string>& slide_ids, const std::string& censorship);

/// Leaves in both sets the patients that both have. Returns how many were left out of either. Throws InputError, naming `path`: nobody in
/// both, nobody with an event in both.
std::size_t pair_up(SurvivalSet& one, SurvivalSet& other, const std::filesystem::path& path);

}  // namespace microtome
