// SPDX-License-Identifier: Apache-2.0
// What simpler models reach beside the model, in a reader's words.
#pragma once

#include <string>
#include <vector>

#include "pipeline/outputs/survival_result.h"
#include "reporting/evaluation_html.h"

namespace microtome {

/// Whether the model is shown to be better than its best rung; a sentence. The ladder is not empty.
std::string ladder_verdict(const std::vector<JudgedRung>& ladder);

/// What a rung sees: of the names that `train` gives, else that it is named so in the predictions.
std::string rung_sees(const std::string& name);

/// At most 15 lines for a terminal, the verdict last; none without a ladder.
std::vector<std::string> ladder_lines(const SurvivalResult& result);

/// ladder.svg: each rung's c-index with its interval.
CurveFigure ladder_figure(const SurvivalResult& result);

/// Of evaluation.html.
PageTable ladder_table(const SurvivalResult& result);

}  // namespace microtome
