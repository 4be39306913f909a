// SPDX-License-Identifier: Apache-2.0
// A table of predicted risks and, where the model gives them, survival probabilities.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pipeline/inputs/row_identity.h"

namespace microtome {

struct RiskRow : RowIdentity {
  double risk = 0;               // higher is worse
  std::vector<double> survival;  // one a month of the table
  std::vector<double> ladder;    // one a rung of the table
};

struct RiskTable {
  bool of_slides = true;           // rows are slides; else patients
  bool has_patients = false;       // column patient_id beside slide_id
  std::vector<double> months;      // of the columns surv_<months>, ascending
  std::vector<std::string> rungs;  // of the columns ladder_<rung>, in their order
  std::vector<RiskRow> rows;       // sorted by id
};

/// Whether a table of predictions is one of risks: by its header row. Throws InputError: it has risk and prob_<class> columns.
bool predicts_risk(const std::filesystem::path& path);

/// Columns slide_id or patient_id (both: rows are slides), risk, any surv_<months>, any ladder_<rung> (the risk that a simpler model gave),
/// optional fold; others are ignored. Throws InputError, naming the row: missing or doubled columns, months that are no numbers above 0,
/// rungs without a name or named as the model itself, empty or doubled ids, risks that are no finite numbers, those of the model all the
/// same, survival outside 0..1 or rising with time, no rows.
RiskTable read_risks(const std::filesystem::path& path);

}  // namespace microtome
