// SPDX-License-Identifier: Apache-2.0
// What `evaluate` leaves in its folder, whatever the task.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pipeline/outputs/evaluation_result.h"

namespace microtome {

/// Writes tables, figures, evaluation.html and, last, metrics.json; what an older evaluation of another task left there goes. Throws
/// OutputError.
void publish_evaluation(const std::filesystem::path& folder, const std::vector<NamedText>& tables, const std::vector<CurveFigure>& figures,
                        const std::string& page, const std::string& metrics);

}  // namespace microtome
