// SPDX-License-Identifier: Apache-2.0
// Where z-scores of a table refer to. Internal to mil/genomics/import.
#pragma once

#include "mil/genomics/table.h"

namespace microtome {

/// Fills reference_mean and reference_sd (n - 1 in the denominator) of each gene over the rows that have a value; NaN where one has none, or a single
/// one for the sd. So tables of later nights can be scaled by the cohort that a study began with, instead of by themselves. Z-scores refer to a population
/// that is not in the file: they get none, and a
/// reference that came with the table stays. Two passes, in double.
void add_reference(GenomicTable& table);

}  // namespace microtome
