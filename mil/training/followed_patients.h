// SPDX-License-Identifier: Apache-2.0
// What survival training knows of its patients beside their tiles: time bins, censoring, the baseline. Internal to mil/; no torch. A patient
// counts once, however many slides there are.
#pragma once

#include <vector>

#include "mil/aggregators/slide_model.h"
#include "mil/evaluation/survival/follow_up.h"
#include "mil/training/train.h"

namespace microtome {

/// Right ends of `bins` bins: quantiles of the months of patients with the event, the last one the longest follow-up. Throws ModelError where the
/// events have too few different times for that many bins.
std::vector<double> time_bins(const std::vector<const TrainingSlide*>& slides, int bins);

/// The bin [left, right) that the months lie in; the last one where they lie beyond.
int bin_of(const std::vector<double>& right_ends, double months);

/// One row a patient, in the order of ids, with the mean of the risks of the patient's slides.
struct PatientRisks {
  std::vector<double> risk;
  FollowUp follow_up;
};
PatientRisks patient_risks(const std::vector<const TrainingSlide*>& slides, const std::vector<double>& risk_of_slides);

/// Median risk; for form "risk" also Breslow's cumulative baseline hazard of a risk of 0, told at up to 100 times. Months are left alone for hazards.
void fit_survival_card(SurvivalCard& card, const PatientRisks& patients);

/// Harrell's c; 0.5 where no pair can be compared.
double concordance_of(const PatientRisks& patients);

}  // namespace microtome
