// SPDX-License-Identifier: Apache-2.0
// How patients fared: the labels of an evaluation of survival.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace microtome {

struct FollowedRow {
  double months = 0;
  bool event = false;
  std::string patient_id;           // "": see FollowUpTable::has_patients
  std::vector<std::string> levels;  // one a subgroup column
  std::size_t line = 0;
};

/// Keyed by slide, or by patient.
struct FollowUpTable {
  bool by_slide = true;
  bool has_patients = false;  // beside slide_id
  std::map<std::string, FollowedRow> rows;
};

/// Columns slide_id or patient_id, time (months) and event (1 = event), or instead of event the column that `censorship` names (1 =
/// censored). Rows without time and event are left out; slides of one patient must agree. `of_slides`: what the predictions are of; then
/// slide_id is the key where there is one. Throws InputError, naming the row: missing columns, a column of the opposite polarity that was
/// not named, an event that is not 0 or 1, a time that is no number above 0, doubled ids. Throws ConfigError: a subgroup or censorship
/// column that is not there.
FollowUpTable read_follow_up(const std::filesystem::path& path, bool of_slides, const std::vector<std::string>& subgroup_columns,
                             const std::string& censorship);

/// "path: row 7 (subject): wanted one time and event for a patient, ..." when two rows of a patient differ, as InputError; else joins their
/// levels, "(several)" where they differ.
void merge_follow_up(const std::filesystem::path& path, const std::string& patient, FollowedRow& into, const FollowedRow& row);

}  // namespace microtome
