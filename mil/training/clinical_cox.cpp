// SPDX-License-Identifier: Apache-2.0
#include "mil/training/clinical_cox.h"

#include <cmath>
#include <map>
#include <utility>

#include "mil/training/scaler.h"

namespace microtome {
namespace {

/// A slide a patient, in the order in which patients come: one that has a row, where any has.
std::vector<const TrainingSlide*> one_a_patient(const std::vector<const TrainingSlide*>& slides, std::size_t m) {
  std::map<std::string, std::size_t> at;
  std::vector<const TrainingSlide*> chosen;
  for (const TrainingSlide* slide : slides) {
    const auto [patient, fresh] = at.emplace(slide->patient_id, chosen.size());
    if (fresh) chosen.push_back(slide);
    else if (!chosen[patient->second]->tables[m].present && slide->tables[m].present)
      chosen[patient->second] = slide;
  }
  return chosen;
}

}  // namespace

CoxCoefficients fit_clinical_cox(const std::vector<const TrainingSlide*>& slides, std::size_t m, std::size_t columns) {
  Scaler scaler = fit_table_scaler(slides, m, columns);
  std::vector<double> values;
  FollowUp follow_up;
  for (const TrainingSlide* slide : one_a_patient(slides, m)) {
    const TableRow& row = slide->tables[m];
    for (std::size_t c = 0; c < columns; ++c) {
      const double z = row.present ? (row.values[c] - scaler.mean[c]) / scaler.scale[c] : 0.0;
      values.push_back(std::isfinite(z) ? z : 0.0);
    }
    follow_up.months.push_back(slide->months);
    follow_up.event.push_back(slide->event ? 1 : 0);
  }
  const CoxFit fit = fit_cox(values, columns, follow_up, {CoxTies::efron, kClinicalRidge, 0.95});
  CoxCoefficients out{std::move(scaler.mean), std::move(scaler.scale), std::vector<double>(columns, 0.0), fit.problem};
  for (std::size_t c = 0; c < fit.terms.size(); ++c) out.coefficients[c] = fit.terms[c].coefficient;
  return out;
}

}  // namespace microtome
