// SPDX-License-Identifier: Apache-2.0
// Clinical columns (age, sex, stage) as a table of numbers, so that a model takes them as it takes genes.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "mil/genomics/table.h"

namespace microtome {

/// CSV with slide_id or patient_id (patient_id where both are there) and columns of numbers or words. A column of numbers is one feature; of words,
/// one feature "column=word" a word, 1 or 0. Empty cells are missing (NaN). Rows of one id must agree. `columns`: which ones, separated by commas; empty:
/// all but ids, label, label_<name>, value, time, event, fold and site. `features`: what a model was trained with; empty: training, and the table decides. A word that the
/// model does not know has 0 in all features of its column.
/// Units "clinical", modality "clinical". Throws ConfigError: columns that are not there; InputError naming row and column: a word in a column of
/// numbers, two rows of one id that differ, more than 40 words in a column, no rows.
GenomicTable read_clinical_table(const std::filesystem::path& path, const std::string& columns, const std::vector<std::string>& features);

}  // namespace microtome
