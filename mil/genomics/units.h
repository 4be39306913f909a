// SPDX-License-Identifier: Apache-2.0
// The units that genomic values come in, and what each can be. formats.md 1.6.
#pragma once

#include <limits>
#include <span>
#include <string>
#include <vector>

namespace microtome {

struct UnitRange {
  float least = -std::numeric_limits<float>::infinity();
  float most = std::numeric_limits<float>::infinity();
};

/// Names that a user may give: counts, tpm, fpkm, log1p_tpm, log2_tpm_p0.001, zscore, beta, cn_abs, cn_gistic, cn_log2, binary and others.
const std::vector<std::string>& known_units();

/// Unlimited for units that are not known.
UnitRange range_of_units(const std::string& units);

/// What the values look like, or "": for warnings and advice only. formats.md 1.6: the floor log2(0.001) is not a z-score.
std::string guess_units(std::span<const float> values, std::size_t columns);

/// Shortest text that reads back as the same number.
std::string number_text(double value);

}  // namespace microtome
