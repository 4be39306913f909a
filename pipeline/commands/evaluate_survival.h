// SPDX-License-Identifier: Apache-2.0
// evaluate's second task: predictions that are risks.
#pragma once

#include "pipeline/config.h"

namespace microtome {

/// Reads, judges and publishes; says on stderr what came out. Throws what the tables throw, and ConfigError for options of the other task.
void evaluate_survival(const EvaluateSettings& settings);

/// Throws ConfigError for options of other tasks: before bags are scored, or predictions read.
void require_survival_options(const EvaluateSettings& settings);

}  // namespace microtome
