// SPDX-License-Identifier: Apache-2.0
// Cox's regression of one table's columns as a model that answers, and its file, cox.json. Internal to mil/; no torch. Sources: Cox 1972; Efron 1977 (ties).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "mil/aggregators/slide_model.h"
#include "mil/evaluation/survival/cox.h"

namespace microtome {

inline constexpr const char* cox_file_name = "cox.json";

/// The log hazard ratio of columns x: the sum over c of coefficient_c (x_c - mean_c) / scale_c.
struct CoxCoefficients {
  std::vector<double> mean, scale;   // of the patients who taught it, one a column, likewise:
  std::vector<double> coefficients;  // of a column's standard deviation
  std::string problem;               // why there is no fit; then all coefficients are 0, which orders nobody
};

struct CoxCard {
  std::string table = kClinicalModality;  // of the model's tables, the one that it reads
  std::vector<std::string> columns;       // as Modality::features
  CoxTies ties = CoxTies::efron;
  double ridge = 0;                       // above 0; as CoxSettings
  std::vector<CoxCoefficients> fits;      // one of everybody; or those of the folds, whose mean answers
  std::string training_json = "{}";       // copied as it is
};

/// Of a row with a value a column; a value that is not finite counts as the mean, and so do all of a row that is not there.
double cox_risk(const CoxCoefficients& fit, const TableRow& row);
/// The mean over the fits.
double cox_risk(const CoxCard& card, const TableRow& row);

/// Strict, as a model that is half understood would judge patients wrongly. Throws ModelError naming file and key.
CoxCard read_cox_card(const std::filesystem::path& folder);
/// Beside and renamed; the same card gives the same bytes. Throws ModelError.
void write_cox_card(const std::filesystem::path& folder, const CoxCard& card);

}  // namespace microtome
