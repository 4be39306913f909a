// SPDX-License-Identifier: Apache-2.0
// The parts of report.html that explain an answer. Each is a <section>, or "" where there is nothing to say.
#pragma once

#include <string>

#include "reporting/findings.h"

namespace microtome {

/// Which inputs were there and which were missing, and what each moved (exact Shapley values). "" for a model of tiles alone.
std::string inputs_section(const Findings& findings);

/// Genes and clinical columns that moved the answer most: value in the table's units, signed share, and the gap of completeness.
std::string features_section(const Findings& findings);

/// The lines of the curated list.
std::string gene_status_section(const Findings& findings);

}  // namespace microtome
